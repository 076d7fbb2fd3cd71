package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/vars"
)

// setAside says what of the user's own settings for go build does not count for the
// plugin in root: flags of GOFLAGS, and a go.work unless the plugin is built in it. A
// walk says it once, for all modules.
func (r Reference) setAside(root string, work bool) {
	if r.Note == nil || r.walk {
		return
	}
	flags := slices.DeleteFunc(strings.Fields(vars.Get(r.Environ, "GOFLAGS")), func(f string) bool {
		return strings.HasPrefix(f, "-mod=") || f == "-modcacherw" || strings.HasPrefix(f, "-buildvcs")
	})
	if len(flags) > 0 {
		r.Note(fmt.Sprintf("GOFLAGS=%s is not used: the plugin gets the server's flags", strings.Join(flags, " ")))
	}
	if works := Workspaces([]string{root}, vars.Get(r.Environ, "GOWORK")); len(works) > 0 && !work {
		r.Note(fmt.Sprintf("%s is not used: in a workspace the plugin would get other versions than the server has", fromHere(works[0])))
	}
}
