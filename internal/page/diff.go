package page

import "strings"

// maxDiff is how much of a diff the page holds: a browser is quick with it.
const maxDiff = 1 << 20

// diffs is a diff by file.
type diffs struct {
	Files []fileDiff
	Cut   int // lines left out of all
}

// fileDiff is the part of a diff that is about one file.
type fileDiff struct {
	Name           string
	Added, Removed int
	Lines          []diffLine
	Cut            int // lines left out
}

// diffLine is a line with its class: add, del, hunk, head or "".
type diffLine struct{ Class, Text string }

// splitDiff splits a diff by file. What is in the first maxDiff bytes is shown.
func splitDiff(text string) diffs {
	var d diffs
	size := 0
	inHunk := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "diff ") || len(d.Files) == 0 {
			d.Files = append(d.Files, fileDiff{Name: diffName(line)})
			inHunk = false
		}
		f := &d.Files[len(d.Files)-1]
		class := diffClass(line, inHunk)
		switch class {
		case "add":
			f.Added++
		case "del":
			f.Removed++
		case "hunk":
			inHunk = true
		}
		if size += len(line); size > maxDiff {
			f.Cut++
			d.Cut++
			continue
		}
		f.Lines = append(f.Lines, diffLine{class, line})
	}
	return d
}

// diffClass is what a line of a unified diff is. In a hunk, "--- " removes "-- ".
func diffClass(line string, inHunk bool) string {
	switch {
	case strings.HasPrefix(line, "@@"):
		return "hunk"
	case !inHunk:
		return "head"
	case strings.HasPrefix(line, "+"):
		return "add"
	case strings.HasPrefix(line, "-"):
		return "del"
	}
	return ""
}

// diffName is the file of a "diff --git a/X b/X" line.
func diffName(line string) string {
	if i := strings.LastIndex(line, " b/"); strings.HasPrefix(line, "diff ") && i > 0 {
		return line[i+len(" b/"):]
	}
	return strings.TrimPrefix(line, "--- a/")
}
