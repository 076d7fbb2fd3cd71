package report

import (
	"strings"
	"unicode/utf8"

	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/shell"
)

// DefaultWidth is how wide text is where no terminal says otherwise.
const DefaultWidth = 80

// width is that of the text, in columns.
func (s Style) width() int {
	if s.Width == 0 {
		return DefaultWidth
	}
	return max(s.Width, 20)
}

// columns is how many columns a line takes on a terminal. Colour codes take none, and a
// tab ends at the next multiple of eight.
func columns(line string) int {
	n := 0
	for i := 0; i < len(line); {
		if skip := colour(line[i:]); skip > 0 {
			i += skip
			continue
		}
		r, size := utf8.DecodeRuneInString(line[i:])
		i += size
		switch {
		case r == '\t':
			n += 8 - n%8
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// colour is the length of the code of a colour at the start of s; 0 if there is none.
func colour(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	return strings.IndexByte(s, 'm') + 1
}

// wide reports whether a terminal gives r two columns: the scripts of East Asia, and
// pictures.
func wide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff ||
		r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000)
}

// wrap breaks a text of one line between words so that no line has more than width
// columns. The first line begins with indent, the others with hang. A word that no line
// holds is broken after a slash, or where the line ends.
func wrap(text string, width int, indent, hang string) string {
	var b strings.Builder
	line, empty := indent, true
	flush := func() {
		b.WriteString(strings.TrimRight(line, " \t") + "\n")
		line, empty = hang, true
	}
	for _, word := range strings.Split(text, " ") {
		if !empty && columns(line)+1+columns(word) > width {
			flush()
			if word == "" {
				continue
			}
		}
		if !empty {
			line += " "
		}
		if empty && b.Len() > 0 {
			word = harmless(word)
		}
		for columns(line)+columns(word) > width {
			head := part(word, width-columns(line))
			if head == "" {
				break // the indent alone fills the line
			}
			line += head
			word = harmless(word[len(head):])
			flush()
		}
		line += word
		empty = empty && word == ""
	}
	if !empty || b.Len() == 0 {
		flush()
	}
	return b.String()
}

// harmless is a word that begins a line and that a CI does not take for a command.
func harmless(word string) string {
	if !startsCommand(word) {
		return word
	}
	before, after, _ := strings.Cut(word, ":")
	return before + `\x3a` + after
}

// part is the beginning of a word that takes at most room columns: up to a slash, if
// there is one in its second half.
func part(word string, room int) string {
	end := 0
	for end < len(word) {
		skip := colour(word[end:])
		if skip == 0 {
			_, skip = utf8.DecodeRuneInString(word[end:])
		}
		if columns(word[:end+skip]) > room {
			break
		}
		end += skip
	}
	if i := strings.LastIndexByte(word[:end], '/'); i > end/2 {
		return word[:i+1]
	}
	return word[:end]
}

// shellRE is a line that a shell takes, maybe behind a word that says what for.
var shellRE = pattern.New(`^(\s*(?:[A-Za-z][A-Za-z ,]*:\s+)?)(` + shellWords + `.*)$`)

// endRE is a sentence with such a line at its end.
var endRE = pattern.New(`^(.*\S:) (` + shellWords + `.*)$`)

const shellWords = `(?:[A-Z][A-Z0-9_]*=\S* )*(?:cd|pinfix|go|git|docker|echo|printf|rm) `

// Fold breaks the lines of a text that have more than width columns: between words, and
// a command line so that a shell still takes it.
func Fold(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		if columns(body) <= width {
			b.WriteString(line)
			continue
		}
		if m := shellRE.Regexp().FindStringSubmatch(body); m != nil && columns(m[1]) < width/2 && !prose(m[2]) {
			column := columns(m[1])
			b.WriteString(m[1] + shell.Fold(m[2], width-column, width, strings.Repeat(" ", min(column, 8)+2)) + "\n")
			continue
		}
		foldSentence(&b, body, width, func(command, hang string) string {
			return shell.Fold(command, width-len(hang), width, hang+"  ")
		})
	}
	return b.String()
}

// FoldSentences is Fold for a text that no terminal shows. It does not break a command or
// a line of a diff, because a program may look for these.
func FoldSentences(text string, width int) string {
	var b strings.Builder
	diff := hunk{b: &strings.Builder{}}
	for line := range strings.Lines(text) {
		body, bare := strings.TrimRight(line, "\r\n"), uncoloured(line)
		switch {
		case diff.take(bare):
		case strings.HasPrefix(bare, "@@ "):
			diff.start(bare)
		case strings.HasPrefix(bare, "diff "), strings.HasPrefix(bare, "--- "), strings.HasPrefix(bare, "+++ "):
		case columns(body) > width:
			if m := shellRE.Regexp().FindStringSubmatch(body); m != nil && !prose(m[2]) {
				break
			}
			foldSentence(&b, body, width, func(command, _ string) string { return command })
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// foldSentence breaks a line between words. A command at its end gets lines of its own,
// as fold writes it with that indent.
func foldSentence(b *strings.Builder, body string, width int, fold func(command, hang string) string) {
	rest := strings.TrimLeft(body, " \t")
	indent := body[:len(body)-len(rest)]
	if columns(indent) > width/2 {
		indent = ""
	}
	hang := indent + "  "
	if m := endRE.Regexp().FindStringSubmatch(rest); m != nil && !prose(m[2]) {
		b.WriteString(wrap(m[1], width, indent, hang) + hang + fold(m[2], hang) + "\n")
		return
	}
	b.WriteString(wrap(rest, width, indent, hang))
}

// uncoloured is a line without the codes of colours.
func uncoloured(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if skip := colour(line[i:]); skip > 0 {
			i += skip
			continue
		}
		b.WriteByte(line[i])
		i++
	}
	return b.String()
}

// prose reports whether words follow a command: "pinfix apply, then …". What is quoted is
// the command's own.
func prose(text string) bool {
	for text != "" {
		_, rest, ok := shell.Word(text)
		if !ok {
			return strings.Contains(text, "; ") || strings.Contains(text, ", ")
		}
		if word := text[:len(text)-len(rest)]; strings.HasSuffix(word, "; ") || strings.HasSuffix(word, ", ") {
			return true
		}
		text = rest
	}
	return false
}
