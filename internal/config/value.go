package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pinfix/pinfix/internal/suggest"
)

func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!str":
		return "text"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "empty"
	}
	return "a value of another kind"
}

// A badValue is a value that a key cannot have.
type badValue struct {
	line int
	err  error
	next string
}

func (k Key) read(n *yaml.Node) ([]string, *badValue) {
	if k.Kind != List || n.Kind != yaml.SequenceNode {
		v, bad := k.readOne(n)
		return []string{v}, bad
	}
	if len(n.Content) == 0 {
		return nil, &badValue{n.Line, errors.New("an empty list"), "remove the line"}
	}
	var out []string
	for _, c := range n.Content {
		v, bad := k.readOne(c)
		if bad != nil {
			return nil, bad
		}
		out = append(out, v)
	}
	return out, nil
}

func (k Key) readOne(n *yaml.Node) (string, *badValue) {
	if n.Kind == yaml.ScalarNode && n.Value == "" && (n.ShortTag() == "!!null" || n.ShortTag() == "!!str") {
		return "", &badValue{n.Line, errors.New("no value"), "write " + k.wanted() + " after the key, or remove the line"}
	}
	if k.Values != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!str" { // in quotes it would be wrong as well
		return "", &badValue{n.Line, k.check(n.Value), k.choice(n.Value)}
	}
	tag, want, next := "!!str", "text", "put it in quotes"
	if k.Kind == Bool {
		tag, want, next = "!!bool", "true or false", "write true or false"
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != tag {
		if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
			next = "write " + k.wanted() + " after the key, or remove the line"
		}
		return "", &badValue{n.Line, fmt.Errorf("must be %s, not %s", want, what(n)), next}
	}
	if k.Kind == Bool {
		var b bool
		if err := n.Decode(&b); err != nil {
			return "", &badValue{n.Line, err, next}
		}
		return strconv.FormatBool(b), nil
	}
	if err := k.check(n.Value); err != nil {
		return "", &badValue{n.Line, err, k.choice(n.Value)}
	}
	return n.Value, nil
}

// wanted names a value that the key may have.
func (k Key) wanted() string {
	switch {
	case k.Kind == Bool:
		return "true or false"
	case k.Values != nil:
		return "one of " + strings.Join(k.Values, ", ")
	}
	return "text"
}

// choice is the next step after a value that is none of the key's.
func (k Key) choice(v string) string {
	if meant := k.meant(v); meant != "" {
		return "write " + meant
	}
	return "write one of these"
}

// meant is the value of the key that v means; "" where that is not clear.
func (k Key) meant(v string) string {
	if slices.Contains([]string{"false", "no", "off", "none", "never"}, strings.ToLower(v)) {
		for _, no := range []string{"never", "none"} {
			if slices.Contains(k.Values, no) {
				return no
			}
		}
	}
	return suggest.Nearest(v, k.Values)
}
