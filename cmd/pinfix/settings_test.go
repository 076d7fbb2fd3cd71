package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/pinfix/pinfix/internal/config"
	"github.com/pinfix/pinfix/internal/manual"
)

// notSettings are the flags about one run: where it looks, what it prints and
// where, and whether it writes.
var notSettings = []string{"C", "dry-run", "format", "full", "color", "quiet", "verbose", "o", "print", "pin", "staged"}

// TestSettings: whoever adds a flag decides whether a project may set it, and
// docs/configuration.md names all that it may.
func TestSettings(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range settingKeys {
		names = append(names, k.Name)
		variable := "PINFIX_" + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
		if !strings.Contains(string(doc), "`"+k.Name+"`") || !strings.Contains(string(doc), "`"+variable+"`") {
			t.Errorf("docs/configuration.md does not name the setting %s or %s", k.Name, variable)
		}
	}
	flags := map[string]bool{}
	for _, c := range (&env{}).app().Commands {
		for _, f := range c.Flags {
			name := f.Names()[0]
			flags[name] = true
			if slices.Contains(names, name) == slices.Contains(notSettings, name) {
				t.Errorf("%s --%s: put it into settingKeys or into notSettings", c.Name, name)
			}
			if i := slices.Index(names, name); i >= 0 {
				checkKind(t, settingKeys[i], f)
			}
		}
	}
	for _, name := range names {
		if !flags[name] {
			t.Errorf("the setting %s is no flag of any command", name)
		}
	}
}

// checkKind: the setting can be given to the flag.
func checkKind(t *testing.T, k config.Key, f cli.Flag) {
	ok := false
	switch f := f.(type) {
	case *cli.StringFlag:
		ok = k.Kind == config.Text || k.Name == "server" || k.Name == "platform" // one server takes the first of a list
	case *manual.ChoiceFlag:
		ok = k.Kind == config.Text && slices.Equal(k.Values, f.Values)
	case *cli.StringSliceFlag:
		ok = k.Kind == config.List
	case *cli.BoolFlag:
		ok = k.Kind == config.Bool
	}
	if !ok {
		t.Errorf("--%s is a %T; the setting is of another kind", k.Name, f)
	}
}

func TestInDir(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"./nakama":                       filepath.Join("p", "nakama"),
		"../nakama":                      "nakama",
		"server.buildinfo":               filepath.Join("p", "server.buildinfo"),
		"/usr/bin/nakama":                "/usr/bin/nakama",
		"image:heroiclabs/nakama:3.26.0": "image:heroiclabs/nakama:3.26.0",
		"mod:example.com/server@v1.0.0":  "mod:example.com/server@v1.0.0",
		"docker-archive:img.tar:tag":     "docker-archive:" + filepath.Join("p", "img.tar:tag"),
		"oci-archive:/img.tar":           "oci-archive:/img.tar",
		"oci:../layout":                  "oci:layout",
	} {
		if got := inDir(filepath.Join(wd, "p"), ref); got != want {
			t.Errorf("%s: %s, want %s", ref, got, want)
		}
	}
}
