package pinner

import "strings"

// A Binary is what a program file or a plugin says of itself beside its build
// info: the machine it is for, and what it asks of the dynamic loader.
type Binary struct {
	Format string   // "ELF" or "Mach-O"
	Arch   string   // GOARCH of its machine, "" if Go has no plugins for it
	Interp string   // dynamic loader of an ELF program; a plugin has none
	Needed []string // libraries it is linked against, in file order
	Glibc  string   // highest GLIBC_ symbol version it needs, "2.34"; "" for none

	// LibcRelease is that of the libc where it runs, "2.36", from its image; ""
	// where that is not known.
	LibcRelease string
}

// Libc returns "musl" or "glibc", or "" where the file does not say. A process
// has one libc: dlopen refuses a library that was linked against the other.
func (b *Binary) Libc() string {
	if b == nil {
		return ""
	}
	for _, lib := range append([]string{b.Interp[strings.LastIndexByte(b.Interp, '/')+1:]}, b.Needed...) {
		switch {
		case strings.HasPrefix(lib, "ld-musl-"), strings.HasPrefix(lib, "libc.musl-"):
			return "musl"
		case lib == "libc.so.6":
			return "glibc"
		}
	}
	if b.Glibc != "" {
		return "glibc"
	}
	return ""
}
