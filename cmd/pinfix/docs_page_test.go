package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A docPage is a Markdown file, cut where its fenced blocks are.
type docPage struct {
	name   string // from the top of the repository
	old    string
	parts  []any // string or *block, in the order of the file
	blocks []*block
	spans  []span // `code` outside of blocks
	heads  []string
	links  []span // what [text](link) names
}

// A block is a fenced block.
type block struct {
	lang  string
	line  int // of the opening fence
	open  string
	world string // <!-- world: … -->, the last one above
	from  string // <!-- graph: … --> or <!-- output: … -->, right above
	head  string // the last heading above
	lines []string
}

type span struct {
	line int
	text string
}

var (
	comment = regexp.MustCompile(`^<!-- (world|graph|output): (.+) -->$`)
	code    = regexp.MustCompile("``(.+?)``|`([^`]+)`")
	link    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
)

// readPage reads a page of the repository.
func readPage(t *testing.T, name string) *docPage {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	p := &docPage{name: name, old: string(data)}
	world, from := "", ""
	var b *block
	for i, line := range strings.Split(p.old, "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case b != nil && line == "```":
			p.parts = append(p.parts, line)
			b = nil
		case b != nil:
			b.lines = append(b.lines, line)
		case fence:
			b = &block{lang: strings.TrimPrefix(line, "```"), line: i + 1, open: line, world: world, from: from, head: p.last()}
			p.blocks, p.parts = append(p.blocks, b), append(p.parts, b)
			from = ""
		default:
			if m := comment.FindStringSubmatch(line); m != nil && m[1] == "world" {
				world = m[2]
			} else if m != nil {
				from = m[2]
			}
			p.prose(i+1, line)
		}
	}
	if b != nil {
		t.Fatalf("%s:%d: the block does not end", name, b.line)
	}
	return p
}

// prose notes what a line outside of blocks holds.
func (p *docPage) prose(number int, line string) {
	p.parts = append(p.parts, line)
	if strings.HasPrefix(line, "#") {
		p.heads = append(p.heads, strings.TrimSpace(strings.TrimLeft(line, "#")))
	}
	for _, m := range code.FindAllStringSubmatch(line, -1) {
		p.spans = append(p.spans, span{number, strings.ReplaceAll(strings.TrimSpace(m[1]+m[2]), `\|`, "|")})
	}
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
		p.links = append(p.links, span{number, m[1]})
	}
	// A link whose text is code.
	for _, m := range link.FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(m[0], "[`") {
			p.links = append(p.links, span{number, m[1]})
		}
	}
}

func (p *docPage) last() string {
	if len(p.heads) == 0 {
		return ""
	}
	return p.heads[len(p.heads)-1]
}

// text is the file with the blocks as they are now.
func (p *docPage) text() string {
	var lines []string
	for _, part := range p.parts {
		if b, ok := part.(*block); ok {
			lines = append(append(lines, b.open), b.lines...)
			continue
		}
		lines = append(lines, part.(string))
	}
	return strings.Join(lines, "\n")
}
