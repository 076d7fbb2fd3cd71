package explain

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting: JSON in a string in JSON, as container engines log.
const maxNesting = 4

// A line is one line of a message: a line of the text, or a part of one that
// stood in it quoted.
type line struct {
	no     int // in the text, from 1
	indent string
	text   string // without timestamps and the like
}

// depth is how far the line is indented; a tab counts as eight blanks.
func (l line) depth() int {
	return len(l.indent) + 7*strings.Count(l.indent, "\t")
}

// split takes text apart into lines, and those into messages. It returns them
// in order; the lines of one message are neighbours.
func split(text string) []line {
	var s splitter
	no := 0
	for l := range strings.Lines(text) {
		no++
		l = strings.TrimSuffix(l, "\n")
		// A progress bar writes over its line.
		for part := range strings.SplitSeq(strings.TrimRight(l, "\r"), "\r") {
			s.add(no, part, 0)
		}
	}
	return s.lines
}

type splitter struct{ lines []line }

func (s *splitter) add(no int, text string, nesting int) {
	text = plain(text)
	if nesting < maxNesting {
		if before, values, ok := jsonStrings(text); ok {
			s.around(no, before)
			s.inner(no, values, nesting)
			return
		}
		if rest, quoted, ok := unquote(text); ok {
			s.around(no, rest)
			s.inner(no, quoted, nesting)
			return
		}
	}
	s.emit(no, text)
}

func (s *splitter) inner(no int, messages []string, nesting int) {
	for _, m := range messages {
		for l := range strings.SplitSeq(strings.TrimSuffix(m, "\n"), "\n") {
			s.add(no, strings.TrimRight(l, "\r"), nesting+1)
		}
	}
}

// around adds what is around quoted messages if it says something itself.
// Otherwise it would come between the lines of one message.
func (s *splitter) around(no int, text string) {
	if isPanic(text) || len(matchAll(text)) > 0 {
		s.emit(no, text)
	}
}

func (s *splitter) emit(no int, text string) {
	text = strings.TrimRight(text[len(prefixRE.Regexp().FindString(text)):], " \t")
	body := strings.TrimLeft(text, " \t")
	s.lines = append(s.lines, line{no, text[:len(text)-len(body)], body})
}

// plain removes what a terminal would act on: escape sequences, control and
// other invisible characters. All kinds of blanks become plain ones.
func plain(s string) string {
	if isPlain(s) {
		return s
	}
	s = escapeRE.Regexp().ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r != utf8.RuneError && unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, s)
}

func isPlain(s string) bool {
	for i := range len(s) {
		if (s[i] < ' ' && s[i] != '\t') || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// jsonStrings returns the strings of the JSON object that ends text, such as a
// line of a structured log, and what is before it.
func jsonStrings(text string) (before string, values []string, ok bool) {
	i := strings.Index(text, `{"`)
	if i < 0 || !json.Valid([]byte(text[i:])) {
		return "", nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text[i:]))
	for {
		token, err := dec.Token()
		if err != nil {
			return text[:i], values, true
		}
		// No error is one word; most keys are. A function in a traceback may be.
		if s, isString := token.(string); isString && strings.ContainsAny(s, " (") {
			values = append(values, s)
		}
	}
}

// unquote takes the double-quoted strings with escapes out of text, decoded:
// logfmt, %q, and pieces of JSON. Quoted strings without escapes stay.
func unquote(text string) (rest string, quoted []string, ok bool) {
	if !strings.Contains(text, `\`) || !strings.Contains(text, `"`) {
		return "", nil, false
	}
	var b strings.Builder
	inside := func(s string, closed bool) {
		switch {
		case strings.Contains(s, `\`):
			quoted = append(quoted, unescape(s))
			b.WriteString(`""`)
		case closed:
			b.WriteString(`"` + s + `"`)
		default:
			b.WriteString(`"` + s)
		}
	}
	if i := strings.IndexByte(text, '"'); i > 0 && text[i-1] == '\\' {
		// Cut out of a quoted string: its start is missing.
		end := closing(text)
		inside(text[:end], true)
		text = text[min(end+1, len(text)):]
	}
	for {
		before, after, found := strings.Cut(text, `"`)
		b.WriteString(before)
		if !found {
			return b.String(), quoted, len(quoted) > 0
		}
		end := closing(after)
		inside(after[:end], end < len(after))
		text = after[min(end+1, len(after)):]
	}
}

// closing returns the index of the first quote in s that is not escaped, or
// its length.
func closing(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(s)
}

// unescape decodes what JSON and %q escape, and leaves alone what they do not
// (a Windows path).
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case '"', '\\', '/', '\'':
			b.WriteByte(c)
		case 'u', 'x':
			width := map[byte]int{'u': 4, 'x': 2}[c]
			if r, ok := hex(s[i+1:], width); ok {
				b.WriteRune(r)
				i += width
				continue
			}
			fallthrough
		default:
			b.WriteString(`\` + string(c))
		}
	}
	return b.String()
}

func hex(s string, width int) (rune, bool) {
	if len(s) < width {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:width], 16, 16)
	return rune(n), err == nil
}
