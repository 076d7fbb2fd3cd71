// Package page writes the page of a result, for a browser: one file with its style and
// its script in it, which loads nothing. [Apply] is the page of a dry run, [Compat] the
// one of several servers. apply.go and compat.go hold what is on them, conflict.go and
// graph.go who asks for what, drawing.go the places of the boxes and arrows; the .html
// files are the only place that makes markup.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/pinfix/pinfix/internal/report"
)

var (
	//go:embed *.html
	files embed.FS
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// templates are parsed when a page is asked for: no other command waits for it.
var templates = sync.OnceValue(parsed)

func parsed() *template.Template {
	parts := func(path string) []string { return strings.Split(path, "/") }
	return template.Must(template.New("pages").Funcs(template.FuncMap{"parts": parts}).ParseFS(files, "*.html"))
}

// write writes the page that the template makes of view.
//
// html/template escapes every value for its place. [report.Printable] then escapes what a
// browser, a terminal or a CI would not show as it is: it changes none of pinfix's own
// text, and what it writes is a backslash, letters and digits, which are no markup.
func write(w io.Writer, name string, view any) error {
	var b strings.Builder
	if err := templates().ExecuteTemplate(&b, name, view); err != nil {
		return err
	}
	_, err := io.WriteString(w, report.Printable(b.String()))
	return err
}

// A head is the top of a page.
type head struct {
	Title  string // behind the plugin's module
	Style  style
	Script *script // nil for a page without one
}

// A style is the page's style sheet, and its name in the page's policy.
type style struct {
	Text template.CSS
	Hash string
}

// newStyle returns a style sheet that the page holds as it is. Its text is pinfix's own:
// page.css, and of a page of several servers rules for their numbers.
func newStyle(css string) style { return style{template.CSS(css), hash(css)} }

// A script is the page's script, and its name in the page's policy.
type script struct {
	Text template.JS
	Hash string
}

// newScript returns the script, which the page holds as it is. It is page.js, and it reads
// what it needs from the table.
func newScript() *script { return &script{template.JS(pageJS), hash(pageJS)} }

// hash names a style or script in a content security policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
