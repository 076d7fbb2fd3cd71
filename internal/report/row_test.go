package report

import (
	"slices"
	"testing"
)

// TestRowWords: each reason goes down to what decided.
func TestRowWords(t *testing.T) {
	t.Parallel()
	served := Bound{Module: "c", Version: "v1.0.0", Server: true}
	for want, r := range map[string]Row{
		"the server has v1.0.0":          {To: "v1.0.0", Reason: Reason{Cause: CauseServer}},
		"back to your own version":       {Reason: Reason{Cause: CauseBack}},
		"nothing needs it any longer":    {Reason: Reason{Cause: CauseUnneeded}},
		"the server replaces it so":      {Reason: Reason{Cause: CauseReplaced}},
		"the server does not replace it": {Reason: Reason{Cause: CauseOwnSum}},
		"v1.5.0 needs Go 1.26; the server has Go 1.23": {Module: "a", Reason: Reason{Cause: CauseCap, Chain: []Link{
			{Module: "a", Version: "v1.5.0", Go: "1.26", ServerGo: "1.23"}}}},
		"v1.5.0 needs b v1.2.0 (a.go:1: undefined: x), which goes to v1.1.0; b v1.2.0 needs c v1.3.0; the server has v1.0.0": {Module: "a", Reason: Reason{Cause: CauseCap, Chain: []Link{
			{Module: "a", Version: "v1.5.0", To: "v1.4.0", Needs: "v1.2.0", Place: "a.go:1", Fault: "undefined: x", Bound: Bound{Module: "b", Version: "v1.1.0"}},
			{Module: "b", Version: "v1.2.0", To: "v1.1.0", Needs: "v1.3.0", Place: "b.go:1", Fault: "undefined: y", Bound: served}}}},
		"v1.5.0 does not compile with c v1.0.0, which the server has (a.go:1: undefined: x)": {Module: "a", Reason: Reason{Cause: CauseCap, Chain: []Link{
			{Module: "a", Version: "v1.5.0", Place: "a.go:1", Fault: "undefined: x", Bound: served}}}},
		"v1.5.0 is not chosen: --cap a@v1.0.0": {Module: "a", Reason: Reason{Cause: CauseCap, Chain: []Link{
			{Module: "a", Version: "v1.5.0", Words: "is not chosen: --cap a@v1.0.0"}}}},
		"needed by c v1.0.0, which the server has": {Reason: Reason{Cause: CauseNeeded, Asked: []Bound{served}}},
		"needed by d v1.0.0":                       {Reason: Reason{Cause: CauseNeeded, Asked: []Bound{{Module: "d", Version: "v1.0.0"}}}},
		"d v1.0.0, which is needed by a v1.5.0 needed v3.0.0; a v1.5.0 needs c v1.3.0; the server has v1.0.0": {From: "v3.0.0", Reason: Reason{Cause: CauseUnasked,
			Asked: []Bound{{Module: "d", Version: "v1.0.0"}, {Module: "a", Version: "v1.5.0"}},
			Chain: []Link{{Module: "a", Version: "v1.5.0", Needs: "v1.3.0", Bound: served}}}},
	} {
		if got := r.words(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for in, want := range map[string]string{
		"v1.2.3":                             "v1.2.3",
		"v0.0.0-20240102150405-abcdef123456": "v0.0.0-2024…-abcdef",
		"v1.2.4-0.20240102150405-abcdef123456+incompatible":      "v1.2.4-0.20240102150405-abcdef123456+incompatible",
		"v1.0.0 => e.com/f v0.6.1-0.20240319094008-0393e58bdf10": "v1.0.0 => e.com/f v0.6.1-0.2024…-0393e5",
		"v1.0.0-rc.1": "v1.0.0-rc.1",
	} {
		if got := short(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestChainText: what the JSON has of a chain is read as the same chain.
func TestChainText(t *testing.T) {
	chain := Chain{{"example.com/a", "v1.0.0"}, {"example.com/b/v2", "v2.3.4"}}
	text, err := chain.MarshalText()
	if err != nil || string(text) != "example.com/a@v1.0.0 -> example.com/b/v2@v2.3.4" {
		t.Fatalf("%q, %v", text, err)
	}
	var got Chain
	if err := got.UnmarshalText(text); err != nil || !slices.Equal(got, chain) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := got.UnmarshalText([]byte("example.com/a")); err == nil {
		t.Error("a module without a version is taken")
	}
}
