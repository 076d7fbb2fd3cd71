package meter

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	now := time.Unix(0, 0)
	m := New(func() time.Time { return now })
	want := func(line string, long bool) {
		t.Helper()
		if got, l := m.Line(); got != line || l != long {
			t.Errorf("%q %v, want %q %v", got, l, line, long)
		}
	}
	want("", false)
	m.Step("loading")
	m.Count("go.mod file", 3, 10)
	want("loading", false)
	now = now.Add(Long - time.Millisecond)
	want("loading", false)
	now = now.Add(time.Millisecond)
	want("loading: 3 of 10 go.mod files, 2 s", true)
	m.Count("go.mod file", 4, 2)
	m.Count("module download", 1, 0)
	m.Count("nothing", 0, 0)
	now = now.Add(time.Minute + 500*time.Millisecond)
	want("loading: 7 of 12 go.mod files, 1 module download, 1 min 2 s", true)
	m.Count("go.mod file", 5, 0)
	want("loading: 12 go.mod files, 1 module download, 1 min 2 s", true)
	m.Step("tidying")
	want("tidying", false)
	now = now.Add(3 * time.Second)
	want("tidying: 3 s", true)
	Count(nil).Add("without a meter", 1, 1)
}
