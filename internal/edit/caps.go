package edit

import (
	"fmt"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/pinner"
)

// moved lists every module besides the pins that ends lower than the plugin's own
// build list had it, and those that the solver has raised.
func (c *Changes) moved() (caps, raises []report.Cap) {
	caps, raises = []report.Cap{}, []report.Cap{}
	for _, r := range c.Mod.Require {
		path, now := r.Mod.Path, r.Mod.Version
		had := c.Aligner.Base.Selected(path)
		k, capped := c.cap(path)
		raised := capped && semver.Compare(now, had) > 0
		if _, pinned := c.pin(path); pinned || had == "" || now == had || !raised && semver.Compare(now, had) > 0 {
			continue
		}
		move := report.Cap{Module: path, Old: had, New: now, Cause: pinner.CauseDowngrade, Error: "no other module asks for more of it once they are lowered"}
		if capped {
			move.Cause, move.Error = k.Cause, k.Error
			if k.For.Path != "" {
				_, server := c.pin(k.For.Path)
				move.For = &report.Bound{Module: k.For.Path, Version: k.For.Version, Server: server}
			}
		}
		if raised {
			raises = append(raises, move)
		} else {
			caps = append(caps, move)
		}
	}
	return caps, raises
}

func (c *Changes) cap(path string) (pinner.Cap, bool) {
	for _, k := range c.Aligned.Plan.Caps {
		if k.Path == path {
			return k, true
		}
	}
	return pinner.Cap{}, false
}

// whyAbove says what an excluded version is above of.
func (c *Changes) whyAbove(v module.Version) string {
	if pin, ok := c.pin(v.Path); ok && semver.Compare(v.Version, pin.Version.Version) > 0 {
		return "the server has " + pin.Version.Version
	}
	if k, ok := c.cap(v.Path); ok && semver.Compare(v.Version, k.Version.Version) > 0 {
		if k.Cause == pinner.CauseVendor {
			return "it could not be fetched, and vendor/ has " + k.Version.Version
		}
		switch d := semver.Compare(k.Version.Version, c.Aligner.Base.Selected(v.Path)); {
		case d > 0:
			return "it is raised to " + k.Version.Version + ", and no further: " + k.Error
		case d == 0:
			return "the plugin has " + k.Version.Version
		}
		return "it is lowered to " + k.Version.Version + ": " + k.Error
	}
	return fmt.Sprintf("the server's Go is %s", c.Aligner.Server.GoVersion())
}
