//go:build linux || darwin

package again

import (
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// states is whether a file says when it was changed.
const states = true

// A looker looks at one file after the other.
type looker struct{ st syscall.Stat_t }

// appendState adds the state of what name leads to, without a blank, and returns when it
// was changed last: gone and never for what is not there or cannot be looked at.
func (l *looker) appendState(b []byte, name string) ([]byte, time.Time) {
	err := syscall.Stat(name, &l.st)
	for err == syscall.EINTR {
		err = syscall.Stat(name, &l.st)
	}
	if err != nil {
		return append(b, gone...), time.Time{}
	}
	changed, written := changeTime(&l.st), writeTime(&l.st)
	for i, n := range [...]int64{int64(l.st.Dev), int64(l.st.Ino), int64(l.st.Mode), l.st.Size, changed.Nano(), written.Nano()} {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n), 16)
	}
	return b, time.Unix(0, max(changed.Nano(), written.Nano()))
}

// appendIdentity adds which directory name leads to, whatever has changed in it.
func (l *looker) appendIdentity(b []byte, name string) []byte {
	if syscall.Stat(name, &l.st) != nil {
		return append(b, gone...)
	}
	return strconv.AppendUint(append(strconv.AppendUint(b, uint64(l.st.Dev), 16), ','), uint64(l.st.Ino), 16)
}

// appendKind adds what kind of file is open: a terminal is a device of its own number, and
// has a width, to which lines are folded.
func appendKind(b []byte, fd int) []byte {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFCHR {
		return append(b, '-')
	}
	b = strconv.AppendUint(b, uint64(st.Rdev), 16)
	var size struct{ rows, columns, width, height uint16 } // struct winsize of ioctl_tty(2)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))); errno == 0 {
		b = strconv.AppendUint(append(b, 'x'), uint64(size.columns), 10)
	}
	return b
}

// openFile opens a regular file that is no link, and returns its size. If it has to be this
// user's own, it lets no one else write. A pipe is not waited for.
func openFile(name string, mine bool) (fd uintptr, size int64, ok bool) {
	var st syscall.Stat_t
	if syscall.Lstat(name, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return 0, 0, false
	}
	f, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, false
	}
	if syscall.Fstat(f, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || mine && !own(&st) {
		syscall.Close(f)
		return 0, 0, false
	}
	_ = syscall.SetNonblock(f, false) // the runtime would start its poller for it
	return uintptr(f), st.Size, true
}

// isOwn reports whether a directory is this user's, whom alone it lets write, and no link.
func isOwn(dir string) bool {
	var st syscall.Stat_t
	return syscall.Lstat(dir, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFDIR && own(&st)
}

func own(st *syscall.Stat_t) bool { return int(st.Uid) == os.Geteuid() && st.Mode&0o022 == 0 }
