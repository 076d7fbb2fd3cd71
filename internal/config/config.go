// Package config reads a project's settings out of the bytes of a YAML file
// ([Parse]) or out of the environment ([Environ]): one mapping of known keys to
// text, a list of text, or true and false.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pinfix/pinfix/internal/fault"
	"github.com/pinfix/pinfix/internal/pattern"
	"github.com/pinfix/pinfix/internal/suggest"
	"github.com/pinfix/pinfix/internal/syntax"
)

// MaxSize is how large a file of settings may be.
const MaxSize = 1 << 20

// A Kind is what a setting holds.
type Kind int

// The kinds of settings.
const (
	Text Kind = iota
	List      // of texts; one alone may be without brackets
	Bool      // true or false
)

// A Key is a setting that there is.
type Key struct {
	Name   string
	Kind   Kind
	Values []string // all that a Text may be; nil: anything but ""
}

// prefix begins the names of the environment variables.
const prefix = "PINFIX_"

// Env is the name of the environment variable for the setting.
func (k Key) Env() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

// A Value is what a setting is set to.
type Value struct {
	From   string   // where: ".pinfix.yaml:3", "PINFIX_VENDOR"
	Values []string // one, or those of a List; of a Bool "true" or "false"
}

// at returns err as that of a line of the file called name, with the user's next step. A
// line 0 is one that is not known.
func at(name string, line int, err error, next string) error {
	if line == 0 {
		return fault.New(next, "%s: %w", name, err)
	}
	return fault.New(next, "%s:%d: %w", name, line, err)
}

// Environ reads the settings that get, such as os.Getenv, knows by the keys' Env
// names. An empty variable counts as unset.
func Environ(get func(string) string, known []Key) (map[string]Value, error) {
	out := map[string]Value{}
	for _, k := range known {
		name := k.Env()
		v := get(name)
		if v == "" {
			continue
		}
		if k.Kind == Bool {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return nil, fault.New("set it to true or false, or unset it", "%s: %q is neither true nor false", name, v)
			}
			v = strconv.FormatBool(b)
		}
		if err := k.check(v); err != nil {
			next := "unset it, or give it one of these values"
			if meant := k.meant(v); meant != "" {
				next = "set it to " + meant + ", or unset it"
			}
			return nil, fault.New(next, "%s: %w", name, err)
		}
		out[k.Name] = Value{name, []string{v}}
	}
	return out, nil
}

// Misspelt finds a variable in environ ("NAME=value") that is none of the known
// settings but is spelt nearly so: the user means it to count. What else begins
// with PINFIX_ may be anybody's.
func Misspelt(environ []string, known []Key) error {
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		key, ok := strings.CutPrefix(name, prefix)
		if !ok || value == "" || slices.ContainsFunc(known, func(k Key) bool { return k.Env() == name }) {
			continue
		}
		if near := suggest.Nearest(key, names(known)); near != "" {
			near = Key{Name: near}.Env()
			return fault.New("rename it, or unset it", "%s: unknown variable (did you mean %s?)", name, near)
		}
	}
	return nil
}

func (k Key) check(v string) error {
	if k.Values != nil && !slices.Contains(k.Values, v) {
		return fmt.Errorf("%q must be one of %s%s", v, strings.Join(k.Values, ", "), suggest.DidYouMean(v, k.Values))
	}
	return nil
}

// Parse reads the file called name. An unknown key, one that is there twice,
// and a value of the wrong kind are errors with their lines.
func Parse(name string, data []byte, known []Key) (map[string]Value, error) {
	values, err := parse(name, data, known)
	if err != nil {
		if conflict := syntax.Conflict(name, data); conflict != nil {
			return nil, conflict
		}
	}
	return values, err
}

func parse(name string, data []byte, known []Key) (map[string]Value, error) {
	if len(data) > MaxSize {
		return nil, fault.New("make it a short file of settings", "%s: more than %d MiB", name, MaxSize>>20)
	}
	root, err := document(name, data)
	if err != nil || root == nil {
		return nil, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, at(name, root.Line, fmt.Errorf("must be lines of key: value, not %s", what(root)), knownKeys(known))
	}
	out := map[string]Value{}
	lines := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		j := slices.IndexFunc(known, func(k Key) bool { return k.Name == key.Value && key.Kind == yaml.ScalarNode })
		if j < 0 {
			return nil, unknown(name, key, known)
		}
		if first := lines[key.Value]; first > 0 {
			return nil, at(name, key.Line, fmt.Errorf("%s is set twice, first in line %d", key.Value, first), "keep one of them")
		}
		lines[key.Value] = key.Line
		values, bad := known[j].read(value)
		if bad != nil {
			return nil, at(name, max(key.Line, bad.line), fmt.Errorf("%s: %w", key.Value, bad.err), bad.next)
		}
		out[key.Value] = Value{fmt.Sprintf("%s:%d", name, key.Line), values}
	}
	return out, nil
}

// lineRE is how the YAML library begins its errors.
var lineRE = pattern.New(`^yaml: (?:line (\d+): )?`)

// document returns the root of the one document in data; nil where there is
// nothing but comments.
func document(name string, data []byte) (*yaml.Node, error) {
	const next = `write it as YAML, one "key: value" per line`
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		if err = dec.Decode(&second); err == nil {
			return nil, at(name, second.Line, errors.New("a second document"), "keep one document, without a line ---")
		}
	}
	if !errors.Is(err, io.EOF) {
		m := lineRE.Regexp().FindStringSubmatch(err.Error())
		if m == nil {
			return nil, at(name, 0, err, next)
		}
		line, _ := strconv.Atoi(m[1])
		return nil, at(name, line, errors.New(strings.TrimPrefix(err.Error(), m[0])), next)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

func unknown(name string, key *yaml.Node, known []Key) error {
	if key.Kind != yaml.ScalarNode {
		return at(name, key.Line, fmt.Errorf("%s as a key", what(key)), knownKeys(known))
	}
	word := strings.TrimPrefix(key.Value, "--")
	if len(word) > len(prefix) && strings.EqualFold(word[:len(prefix)], prefix) {
		word = word[len(prefix):]
	}
	if near := suggest.Nearest(word, names(known)); near != "" {
		return at(name, key.Line, fmt.Errorf("unknown key %q (did you mean %s?)", key.Value, near), "rename it to "+near)
	}
	err := fmt.Errorf("unknown key %q", key.Value)
	return at(name, key.Line, err, knownKeys(known))
}

func knownKeys(known []Key) string {
	return "use one of " + strings.Join(names(known), ", ")
}

// names are those of the keys, sorted.
func names(known []Key) []string {
	out := make([]string, len(known))
	for i, k := range known {
		out[i] = k.Name
	}
	slices.Sort(out)
	return out
}
