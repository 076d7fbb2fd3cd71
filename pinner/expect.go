package pinner

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// Expect returns what apply makes of the go.mod now if go mod tidy has nothing
// to add to it: both halves of every pin, the go and toolchain lines that the
// server accepts, and the marks. A go.mod whose text is that of Expect is
// pinned; what differs is what has been undone.
//
// floor is the highest go line among the plugin's modules, which tidy raises
// the plugin's to; "" where it is not known. Excludes of pinfix's own count as
// needed: only the module graph could tell. now stays as it is.
func Expect(server *Server, now *Mod, pins []Pin, floor string) (*Mod, error) {
	user, err := now.Clone()
	if err != nil {
		return nil, err
	}
	if err := user.Restore(); err != nil {
		return nil, err
	}
	if err := CheckDirectives(user, server); err != nil {
		return nil, err
	}
	m, err := now.Clone()
	if err != nil {
		return nil, err
	}
	m.dropMarks(pins)
	plan := &Plan{Mod: m, Pins: pins, user: user}
	if err := plan.require(pins); err != nil {
		return nil, err
	}
	if err := m.expectGo(user, server.GoVersion(), floor); err != nil {
		return nil, err
	}
	var excluded []Demand
	for _, x := range m.Exclude {
		if _, own := readMark(x.Syntax); own {
			excluded = append(excluded, Demand{Version: x.Mod, Lost: MarkedLost(x.Syntax)})
		}
	}
	want, err := plan.Finish(user, m, excluded)
	if err != nil {
		return nil, err
	}
	want.Cleanup()
	return want, nil
}

// dropMarks removes the marks that Finish sets, and those of replace lines that no longer
// hold. It removes pinfix's own replace lines that no pin needs.
func (m *Mod) dropMarks(pins []Pin) {
	for _, r := range m.Require {
		dropMark(r.Syntax)
	}
	if m.Go != nil {
		dropMark(m.Go.Syntax)
	}
	if m.Toolchain != nil {
		dropMark(m.Toolchain.Syntax)
	}
	var gone []module.Version
	for _, r := range m.Replace {
		k, ok := readMark(r.Syntax)
		pinned := slices.ContainsFunc(pins, func(p Pin) bool { return p.Path == r.Old.Path })
		switch {
		case !ok:
		case k.new == "" && !pinned:
			gone = append(gone, r.Old)
		case k.new == "":
		case k.new != atVersion(r.New):
			dropMark(r.Syntax)
		case !pinned:
			dropMark(r.Syntax)
			setReplace(r, splitVersion(k.old))
		}
	}
	for _, old := range gone {
		m.DropReplace(old.Path, old.Version)
	}
	m.Cleanup()
}

// expectGo sets the go and toolchain lines to what apply makes of the user's:
// lowered to what the server's Go accepts, and raised again, as go mod tidy
// does since Go 1.21, to what the modules ask for.
func (m *Mod) expectGo(user *Mod, server, floor string) error {
	plain, err := user.Clone()
	if err != nil {
		return err
	}
	if err := setGo(plain, server); err != nil {
		return err
	}
	if plain.Go != nil && m.Go != nil {
		want := plain.Go.Version
		raised := floor
		if floor == "" {
			raised = m.Go.Version
		}
		// Lower ones raise nothing (cmd/go, gover.GoStrictVersion).
		if knowsToolchains(server) && knowsToolchains(raised) && compareGo(raised, want) > 0 && acceptsGo(server, raised) {
			want = raised
		}
		if err := m.AddGoStmt(want); err != nil {
			return err
		}
	}
	redundant := func(name string) bool { // go mod tidy drops it (UpdateGoModFromReqs in cmd/go)
		v := strings.TrimPrefix(name, "go")
		return m.Go != nil && (v == m.Go.Version || !knowsToolchains(v))
	}
	if plain.Toolchain == nil || redundant(plain.Toolchain.Name) {
		m.DropToolchainStmt()
		m.Cleanup()
		return nil
	}
	return m.AddToolchainStmt(plain.Toolchain.Name)
}
