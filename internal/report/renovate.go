package report

import "io"

// The part of Renovate's configuration that tells it which modules to leave
// alone (https://docs.renovatebot.com/configuration-options/#packagerules).
type renovate struct {
	Schema       string         `json:"$schema"`
	PackageRules []renovateRule `json:"packageRules"`
}

type renovateRule struct {
	Description       string   `json:"description"`
	MatchManagers     []string `json:"matchManagers"`
	MatchDepTypes     []string `json:"matchDepTypes,omitempty"`
	MatchPackageNames []string `json:"matchPackageNames,omitempty"`
	Enabled           bool     `json:"enabled"`
}

// Renovate writes a preset for Renovate that leaves the server's modules and the
// go line alone.
func (r *ServerResult) Renovate(w io.Writer) error {
	names := []string{}
	for _, p := range r.Server.Pins {
		names = append(names, p.Path)
	}
	why := "pinned by pinfix to " + r.Server.Main + " (" + r.Server.Go + ")"
	return JSON(w, renovate{
		Schema: "https://docs.renovatebot.com/renovate-schema.json",
		PackageRules: []renovateRule{
			{Description: why, MatchManagers: []string{"gomod"}, MatchPackageNames: names},
			{Description: why, MatchManagers: []string{"gomod"}, MatchDepTypes: []string{"golang", "toolchain"}},
		},
	})
}
