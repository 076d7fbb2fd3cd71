package explain

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/pattern"
)

// MaxFindings is how many different errors of one text are found; the rest is
// not looked at.
const MaxFindings = 1000

const (
	maxLines = 200  // of one error, but for tracebacks
	maxText  = 1500 // bytes of Finding.Text
	maxSame  = 20   // errors of one kind in one line
)

// Find returns the errors in text that have to do with building or loading a
// plugin, in the order in which they come up. own is the plugin's module path,
// "" if it is not known: it tells the plugin's own packages from others.
func Find(text, own string) []Finding {
	f := finder{lines: split(text), own: own, seen: map[string]*seen{}}
	for i := 0; i < len(f.lines) && len(f.found) < MaxFindings; {
		i = f.at(i)
	}
	return f.found
}

// A finder goes through the lines of a text once. It has many methods, one for each form in
// which programs print an error.
type finder struct {
	lines []line
	own   string
	found []Finding
	seen  map[string]*seen
	done  int    // lines before this one belong to an earlier error
	pkg   string // from the last "# package" line of the go command
	depth int    // of that line

	mainDirs []string // see mains
}

// seen is where a finding is in found, and its last line.
type seen struct{ index, no int }

// headerRE is what the go command prints before a compiler's errors.
var headerRE = pattern.New(`^# \[?([\w.~/+-]+)\]?(?: \[[\w.~/+-]+\])?$`)

// at looks at line i and returns the next line to look at.
func (f *finder) at(i int) int {
	text := f.lines[i].text
	if m := headerRE.Regexp().FindStringSubmatch(text); m != nil {
		f.pkg, f.depth = m[1], f.lines[i].depth()
		return i + 1
	}
	matches := matchAll(text)
	if len(matches) == 0 || matches[0].rule.cause == Unknown {
		if joined := f.unwrap(i); joined != nil {
			matches, text = joined, f.lines[i].text
		}
	}
	if isPanic(text) {
		return f.panic(i, matches)
	}
	end := f.errors(i, matches)
	if end == i {
		if text != "" && f.lines[i].depth() <= f.depth {
			f.pkg = ""
		}
		return i + 1
	}
	f.done = end
	return end
}

// maxWrapped is how many lines a terminal, a pipeline or a mail makes of one.
const maxWrapped = 4

// unwrap joins line i with the next ones where an error of the loader was wrapped
// at a blank, and returns its matches; nil where it was not. The lines that it has
// joined are left empty.
func (f *finder) unwrap(i int) []match {
	text := f.lines[i].text
	if !strings.Contains(text, "plugin") {
		return nil
	}
	for j := i + 1; j < len(f.lines) && j-i < maxWrapped && f.lines[j].text != ""; j++ {
		cut := len(text)
		text += " " + f.lines[j].text
		matches := matchAll(text)
		if len(matches) == 0 || matches[0].at[0] >= cut || matches[0].at[1] <= cut || matches[0].rule.cause == Unknown || !matches[0].rule.alone {
			continue
		}
		if len(matchAll(f.lines[j].text)) > 0 {
			return nil // an error of its own
		}
		f.lines[i].text = text
		for k := i + 1; k <= j; k++ {
			f.lines[k].text = ""
		}
		return matches
	}
	return nil
}

// errors records the matches of line i and returns the line after them; i if
// there is none after all.
func (f *finder) errors(i int, matches []match) int {
	if len(matches) == 0 {
		return i
	}
	start, end := f.before(i), f.after(i, matches[len(matches)-1].rule)
	if len(matches) == 1 {
		if f.record(start, i, end, matches[0]) {
			return end
		}
		return i
	}
	found := false
	for _, m := range matches {
		// What is above and below belongs to all of them, or to none.
		found = f.record(i, i, i+1, m) || found
	}
	if found {
		return end
	}
	return i
}

// record adds the finding m of line i, whose error goes from line start to end,
// unless the rule thinks better of it.
func (f *finder) record(start, i, end int, m match) bool {
	finding := Finding{
		Line:    f.lines[start].no,
		Count:   1,
		Cause:   m.rule.cause,
		Package: importPath(m.group("pkg")),
		Text:    f.text(start, i, end, m),
		kind:    m.rule.kind,
		libc:    m.rule.libc,
	}
	finding.do(m.rule.do)
	if m.rule.fix == "" {
		finding.needs = cmp.Or(m.group("go"), directiveSince[m.group("directive")])
	}
	finding.Why, finding.Fix = m.expand(m.rule.why), cmp.Or(m.expand(m.rule.fix), finding.Fix)
	if m.rule.refine != nil && !m.rule.refine(f, m, &finding) {
		return false
	}
	if m.rule.kind == registration {
		if _, trace := f.trace(i); !f.registered(i, trace, &finding) {
			return false
		}
	}
	f.add(finding, f.lines[i].no, m.key(&finding))
	return true
}

// add adds a finding, or counts it if there is one with that key already: once
// for each line of the text.
func (f *finder) add(finding Finding, no int, key string) {
	for _, s := range []*string{&finding.Package, &finding.Why, &finding.Fix, &finding.Module, &finding.Library} {
		*s = bounded(*s)
	}
	key = string(finding.Cause) + "\x00" + finding.Package + "\x00" + key
	if old := f.seen[key]; old != nil {
		if old.no != no {
			old.no = no
			f.found[old.index].Count++
		}
		return
	}
	f.seen[key] = &seen{len(f.found), no}
	f.found = append(f.found, finding)
}

// chainRE is a line of the chain of imports, or the heading, that the go
// command prints above an error.
var chainRE = pattern.New(`^(?:go: )?\S+ (?:imports|tested by)$|^package \S+$|^imports \S+(?: from \S+)?$|parsing go\.mod:$`)

// before returns the first line of the error in line i.
func (f *finder) before(i int) int {
	for i > f.done && chainRE.MatchString(f.lines[i-1].text) {
		i--
	}
	return i
}

// after returns the line after the error in line i: more indented lines belong
// to it, unless they are errors of their own.
func (f *finder) after(i int, r *rule) int {
	depth := f.lines[i].depth()
	end := i + 1
	if r.alone {
		return end
	}
	for j := i + 1; j < len(f.lines) && j-i < maxLines; j++ {
		text := f.lines[j].text
		switch {
		case text == "":
			continue // only if more follows
		case r.more != nil && r.more.MatchString(text):
		case f.lines[j].depth() <= depth, f.isError(text):
			return end
		}
		end = j + 1
	}
	return end
}

// isError reports whether a line is an error of its own.
func (f *finder) isError(text string) bool {
	return slices.ContainsFunc(matchAll(text), func(m match) bool { return !m.rule.item })
}

// text returns what a finding shows: the error from its start in line i, with
// the lines before and after it that belong to it.
func (f *finder) text(start, i, end int, m match) string {
	if start == i && end == i+1 {
		return bounded(strings.TrimSpace(m.whole()))
	}
	var b strings.Builder
	for j := start; j < end && b.Len() < maxText; j++ {
		l := f.lines[j]
		if j == i && start == i {
			l.text = m.whole()
		}
		b.WriteString(strings.TrimPrefix(l.indent, f.lines[start].indent) + l.text + "\n")
	}
	return bounded(strings.TrimSpace(b.String()))
}

// bounded cuts a text that is too long to show.
func bounded(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// A match is one rule's match in a line.
type match struct {
	rule *rule
	text string
	at   []int // as regexp's index functions have it
}

// matchAll returns the matches in text from left to right; where two overlap,
// that of the earlier rule.
func matchAll(text string) []match {
	var all []match
	for i := range rules {
		r := &rules[i]
		if !strings.Contains(text, r.key) {
			continue
		}
		found := r.re.Regexp().FindAllStringSubmatchIndex(text, maxSame)
		for _, at := range found {
			overlaps := func(m match) bool { return at[0] < m.at[1] && m.at[0] < at[1] }
			if !slices.ContainsFunc(all, overlaps) {
				all = append(all, match{r, text, at})
			}
		}
		if len(found) == maxSame {
			text = text[:found[maxSame-1][1]] // what comes is no less of the same
		}
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Compare(a.at[0], b.at[0]) })
	return all
}

// group returns what the group of that name has matched, or "".
func (m match) group(name string) string {
	i := m.rule.re.Regexp().SubexpIndex(name)
	if i < 0 || m.at[2*i] < 0 {
		return ""
	}
	return m.text[m.at[2*i]:m.at[2*i+1]]
}

// whole returns what the rule has matched.
func (m match) whole() string { return m.text[m.at[0]:m.at[1]] }

var placeholderRE = pattern.New(`\{[a-z]+\}`)

// expand puts the groups of the match in place of their {name}.
func (m match) expand(s string) string {
	return placeholderRE.Regexp().ReplaceAllStringFunc(s, func(p string) string {
		v := m.group(p[1 : len(p)-1])
		if p == "{pkg}" {
			v = importPath(v)
		}
		if len(v) > 200 {
			v = strings.ToValidUTF8(v[:200], "") + "…"
		}
		return v
	})
}

// key tells whether two findings are the same error. A server may name the
// plugin with and without its directory and .so, and repeat its first answer
// with "(previous failure)".
func (m match) key(f *Finding) string {
	switch {
	case f.kind == mismatch:
		return strings.TrimSuffix(path.Base(m.group("so")), ".so")
	case f.kind == dependency:
		return "" // one for each package that does not compile
	case m.rule.same != "":
		return m.group(m.rule.same)
	}
	return strings.TrimSuffix(m.whole(), " (previous failure)")
}

// importPath takes off what is no part of an import path: the punctuation of a
// sentence, the name of a file.
func importPath(s string) string {
	return strings.TrimSuffix(strings.TrimRight(s, ".:;,)"), "/go.mod")
}
