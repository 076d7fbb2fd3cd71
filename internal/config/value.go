package config

import (
	"errors"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
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
	tag, want, next := "!!str", "text", "put it in quotes"
	if k.Kind == Bool {
		tag, want, next = "!!bool", "true or false", "write true or false"
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != tag {
		if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
			next = "write " + want + " after the key, or remove the line"
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
	if n.Value == "" {
		return "", &badValue{n.Line, errors.New("an empty text"), "remove the line"}
	}
	if err := k.check(n.Value); err != nil {
		return "", &badValue{n.Line, err, "write one of these"}
	}
	return n.Value, nil
}
