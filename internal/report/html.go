package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
)

// The page of a dry run: one file with its style and script in it.
//
// It is made with text/template, which pinfix links anyway: html/template takes
// 0.1 ms in every start of every command. What html/template is for, escape does.
var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

// markup is text that is HTML already: the page's own style, script and drawings.
type markup string

// escape makes a value safe in the page, as text and in quoted attributes.
func escape(v any) string {
	if m, ok := v.(markup); ok {
		return string(m)
	}
	return html.EscapeString(Printable(fmt.Sprint(v)))
}

// breakable is text that may be broken after each slash: module paths are long.
func breakable(s string) markup {
	return markup(strings.ReplaceAll(escape(s), "/", "/<wbr>"))
}

var pageTemplate = sync.OnceValues(func() (*template.Template, error) {
	t, err := template.New("page").Funcs(template.FuncMap{"escape": escape, "path": breakable}).Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	for _, t := range t.Templates() {
		escapeAll(t.Tree.Root)
	}
	return t, nil
})

// escapeAll puts escape behind every action that prints, so that none can be
// forgotten.
func escapeAll(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			escapeAll(c)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{parse.NewIdentifier("escape")}})
		}
	case *parse.IfNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	case *parse.RangeNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	case *parse.WithNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	}
}

// HTML writes a dry run as one self-contained page. It loads nothing and runs
// nothing but its own script.
func (a *Apply) HTML(w io.Writer) error {
	t, err := pageTemplate()
	if err != nil {
		return err
	}
	return t.Execute(w, a.page())
}

// cspHash names a style or script in a content security policy.
func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
