package explain

import (
	"regexp"
	"sync"
)

// A pattern is a regular expression that is compiled when it is first used:
// all of them together would cost every command of pinfix eight milliseconds at
// its start.
type pattern struct {
	expr string
	once sync.Once
	re   *regexp.Regexp
}

func re(expr string) *pattern { return &pattern{expr: expr} }

func (p *pattern) compiled() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re
}

func (p *pattern) String() string { return p.expr }

func (p *pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }
