package commit

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// holder says which process has locked a file, as far as the system tells, which
// Linux does.
func holder(name string) string {
	const unknown = "another process"
	info, err := os.Stat(name)
	locks, _ := os.ReadFile("/proc/locks")
	if err != nil || len(locks) == 0 {
		return unknown
	}
	// 1: FLOCK  ADVISORY  WRITE 4711 fe:00:131072 0 EOF
	pid := ""
	for line := range strings.Lines(string(locks)) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], ":"+strconv.FormatUint(inode(info), 10)) {
			continue
		}
		if pid != "" && pid != f[4] {
			return unknown // or the same number on another file system
		}
		pid = f[4]
	}
	if n, err := strconv.Atoi(pid); err != nil || n <= 0 { // 0: of another container
		return unknown
	}
	text := "process " + pid
	command, _ := os.ReadFile("/proc/" + pid + "/comm")
	if name := strings.TrimSpace(string(command)); name != "" {
		text += " (" + name + ")"
	}
	dir, err := os.Stat("/proc/" + pid)
	if err != nil {
		return text
	}
	if uid, _, ok := owner(dir); ok && uid != os.Geteuid() {
		who := strconv.Itoa(uid)
		if u, err := user.LookupId(who); err == nil {
			who = u.Username
		}
		text += " of user " + who
	}
	return text
}
