// Package parallel does several things at once, as many as the machine has processors and
// memory for.
package parallel

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pinfix/pinfix/internal/bounded"
)

// Do runs f for 0 to n-1, as many at a time as limit says.
func Do(limit, n int, f func(i int)) {
	if n == 1 {
		f(0) // to start a thread for it takes longer than some checks
		return
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, limit) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wg.Wait()
}

// memoryEach is what a plan or a build of a large plugin takes at its peak.
const memoryEach = 2 << 30

// Width is how many servers are worked on at a time: each starts go commands that use
// several processors themselves, and must have its memory.
func Width() int {
	n := min(AtOnce, runtime.GOMAXPROCS(0))
	if free, ok := freeMemory(); ok {
		n = min(n, max(1, int(free/memoryEach)))
	}
	return n
}

// freeMemory is what Linux says is available; false elsewhere.
func freeMemory() (bytes int64, ok bool) {
	data, err := bounded.ReadFile("/proc/meminfo", bounded.Any)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemAvailable:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// AtOnce is how many modules are worked on at a time: each starts go commands
// that use several processors themselves.
const AtOnce = 4
