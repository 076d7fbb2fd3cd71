package verify

import (
	"testing"

	"github.com/pinfix/pinfix/pinner"
)

// What is to be typed for another Go release has all that the server was built with: a
// plain go build would be refused for the next cause.
func TestGoBuild(t *testing.T) {
	for _, tt := range []struct {
		settings map[string]string
		want     string
	}{
		{nil, "GOTOOLCHAIN=go1.23.5 go build -buildmode=plugin"},
		{map[string]string{"-trimpath": "true", "GOOS": "linux", "CGO_ENABLED": "1"}, "GOTOOLCHAIN=go1.23.5 go build -buildmode=plugin -trimpath"},
		{map[string]string{"-trimpath": "true", "-race": "true", "-tags": "a,b", "GOEXPERIMENT": "arenas"}, "GOTOOLCHAIN=go1.23.5 GOEXPERIMENT=arenas go build -buildmode=plugin -race -tags=a,b -trimpath"},
	} {
		if got := goBuild(&pinner.Server{Go: "go1.23.5", Settings: tt.settings}); got != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.settings, got, tt.want)
		}
	}
}
