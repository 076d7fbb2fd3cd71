// Package pattern has regular expressions that are compiled when they are first
// used. To compile all of pinfix's at the start would cost every command eight
// milliseconds. check, which needs few of them, takes less time than that.
package pattern

import (
	"regexp"
	"sync"
)

// A Pattern is such an expression.
type Pattern struct {
	expr string
	once sync.Once
	re   *regexp.Regexp
}

// New returns the pattern for an expression, which must be right.
func New(expr string) *Pattern { return &Pattern{expr: expr} }

// Regexp returns the compiled expression.
func (p *Pattern) Regexp() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re
}

// MatchString is [regexp.Regexp.MatchString].
func (p *Pattern) MatchString(s string) bool { return p.Regexp().MatchString(s) }

// String returns the expression.
func (p *Pattern) String() string { return p.expr }
