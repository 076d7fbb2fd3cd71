package image

import (
	"fmt"
	"time"

	"github.com/pinfix/pinfix/internal/registry"
)

// A meter is a writer that tells how far a download is: when it begins, and
// then at most each tenth of it, and not more often than everySo.
type meter struct {
	what    string
	n, size int64
	said    int64
	when    time.Time
	step    func(string)
}

const everySo = 500 * time.Millisecond

func newMeter(what string, size int64, step func(string)) *meter {
	step(fmt.Sprintf("%s, %s", what, registry.Size(size)))
	return &meter{what: what, size: size, step: step, when: time.Now()}
}

func (m *meter) Write(b []byte) (int, error) {
	m.n += int64(len(b))
	if m.n-m.said > m.size/10 && m.n < m.size && time.Since(m.when) > everySo {
		m.said, m.when = m.n, time.Now()
		m.step(fmt.Sprintf("%s, %d of %s", m.what, m.n>>20, registry.Size(m.size)))
	}
	return len(b), nil
}
