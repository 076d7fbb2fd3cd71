// Package again answers a pinfix check that was asked before: in the same words, with the
// same environment, about files that have not changed since. Then the answer is the same,
// and to give it takes a look at each file's state and nothing else, not even the start of
// the rest of the program.
//
// [Ask] makes a question of a command line, [Question.Record] keeps its answer in the
// user's cache together with the state of every file that it depends on, and [Answer]
// gives it back if all of these are as they were. Only the answer that nothing is wrong is
// kept.
//
// A file's state is its inode, size, and the times of its last change, the one among them
// that no program can set (see stat(2), st_ctim). A file that was changed so shortly before
// that another change could have got the same time is not relied on, as git does it.
package again

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// Command is the command whose questions may have been asked before.
const Command = "check"

// How much is kept: one file for each slot, which a question shares with others.
const (
	slots     = 512
	maxRecord = 16 << 20 // bytes
)

// settled is how long ago a file must have changed last. Of the file systems that people
// work on, FAT has the coarsest times: two seconds.
const settled = 3 * time.Second

// A Question is what one run of pinfix was asked.
type Question struct {
	head []byte // all but the files that the answer depends on
	dir  string // where answers are kept
	file string // where this one is
	at   time.Time
}

// Ask returns the question that the arguments ask, or nil for one whose answer is not
// kept: another command, no directory of the user's to keep it in, or a system whose files
// do not say when they were changed.
func Ask(args, environ []string) *Question {
	if len(args) < 2 || args[1] != Command || !states {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil
	}
	dir := cacheDir(environ)
	if !isAbs(dir) {
		return nil
	}
	q := &Question{dir: dir + "/pinfix/checked", at: time.Now()}
	q.head = append(q.head, "pinfix asked before 2\n"...)
	for _, s := range slices.Concat(args[1:], []string{cwd, self}) {
		q.head = append(strconv.AppendQuote(q.head, s), ' ')
	}
	// Another program may answer otherwise. And a clone that brings a record, to where CI
	// has its cache, cannot know when pinfix was installed.
	look := new(looker)
	q.head, _ = look.appendState(q.head, self)
	q.head = append(look.appendIdentity(append(q.head, ' '), cwd), ' ')
	for _, fd := range []int{1, 2} { // a terminal gets colours
		q.head = append(appendKind(q.head, fd), ' ')
	}
	q.head = append(strconv.AppendUint(q.head, environment(environ), 16), '\n')
	q.file = q.dir + "/" + strconv.FormatUint(sum(q.head)%slots, 16)
	return q
}

// cacheDir is os.UserCacheDir in environ, or is not a full path. Windows is not asked about: see states.
func cacheDir(environ []string) string {
	home := ""
	for _, v := range environ {
		if dir, ok := cutPrefix(v, "XDG_CACHE_HOME="); ok && dir != "" && runtime.GOOS != "darwin" {
			return dir
		}
		if dir, ok := cutPrefix(v, "HOME="); ok {
			home = dir
		}
	}
	switch {
	case home == "":
		return ""
	case runtime.GOOS == "darwin":
		return home + "/Library/Caches"
	}
	return home + "/.cache"
}

// ofShell begin variables that say how a shell has come to its command, or git to its hook:
// who has written what it is about to commit, and when.
var ofShell = [...]string{"_=", "OLDPWD=", "SHLVL=", "GIT_AUTHOR_"}

// environment is a sum of the variables, but for those of ofShell. The values themselves may be secrets, and are not kept.
func environment(environ []string) uint64 {
	h := uint64(offset)
	for _, v := range environ {
		if slices.ContainsFunc(ofShell[:], func(prefix string) bool { _, is := cutPrefix(v, prefix); return is }) {
			continue
		}
		h = add(add(h, v), "\x00")
	}
	return h
}

// FNV-1a, of 64 bits: hash/fnv has an interface more, and nothing here has an enemy who
// could choose what is summed up.
const (
	offset = 0xcbf29ce484222325
	prime  = 0x100000001b3
)

func sum(b []byte) uint64 { return add(offset, b) }

func add[T string | []byte](h uint64, s T) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}

// Answer returns what pinfix has printed when it was asked q before, and found nothing
// wrong; ok is false where that has to be found out anew. q may be nil.
func Answer(q *Question) (stdout, stderr string, ok bool) {
	if q == nil {
		return "", "", false
	}
	files, ok := cutPrefix(q.read(), string(q.head))
	if !ok {
		return "", "", false
	}
	var now []byte
	var look looker
	for {
		line, rest, ok := cut(files, '\n')
		if !ok {
			return "", "", false // cut off
		}
		was, name, ok := cut(line, ' ')
		switch {
		case !ok:
			return "", "", false
		case was == printed:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n > len(rest) {
				return "", "", false
			}
			return rest[:n], rest[n:], true
		case was == staged:
			if rest, ok = sameIndex(name, rest); !ok {
				return "", "", false
			}
		default:
			if now, _ = look.appendState(now[:0], name); was != string(now) && (was != isThere || string(now) == gone) {
				return "", "", false
			}
		}
		files = rest
	}
}

// read returns the record, "" if there is none that is surely the user's own.
func (q *Question) read() string {
	data, _ := readFile(q.file, maxRecord, true)
	return string(data) // once: its lines are parts of it
}

// readFile returns the content of a regular file, of the user's own if it has to be.
func readFile(name string, limit int64, own bool) ([]byte, bool) {
	fd, size, ok := openFile(name, own)
	if !ok {
		return nil, false
	}
	f := os.NewFile(fd, name)
	defer f.Close()
	if size > limit {
		return nil, false
	}
	data := make([]byte, size)
	_, err := io.ReadFull(f, data)
	return data, err == nil
}

// States that are no state of a file: nothing is there, or something, whatever it is.
const (
	gone    = "-"
	isThere = "+"
)

// Lines that are about no file: the first of some about an index of git, and the last, after
// which is what was printed.
const (
	staged  = "@"
	printed = "="
)

// Record keeps what was printed, for the files that it depends on as they are now: files,
// directories, which change when a name in them comes or goes, and what must go on not
// being there. Of those in there, it counts only that they are, and of the indexes what
// [Index] says. Nothing is kept, and nothing is wrong, where it may not last or cannot be
// written. q may be nil.
func (q *Question) Record(files, there []string, indexes []Index, stdout, stderr []byte) {
	if q == nil {
		return
	}
	data := slices.Clone(q.head)
	var look looker
	for _, name := range slices.Sorted(slices.Values(files)) {
		if !isAbs(name) || has(name, '\n') {
			return
		}
		var changed time.Time
		data, changed = look.appendState(data, name)
		if changed.After(q.at.Add(-settled)) {
			return
		}
		data = append(append(append(data, ' '), name...), '\n')
	}
	for _, name := range there {
		if has(name, '\n') {
			return
		}
		data = append(append(data, isThere+" "...), name...)
		data = append(data, '\n')
	}
	for _, x := range indexes {
		var ok bool
		if data, ok = x.append(data); !ok {
			return
		}
	}
	data = append(strconv.AppendInt(append(data, printed+" "...), int64(len(stdout)), 10), '\n')
	data = append(append(data, stdout...), stderr...)
	if len(data) > maxRecord {
		return
	}
	if os.MkdirAll(q.dir, 0o700) != nil || !isOwn(q.dir) {
		return
	}
	f, err := os.CreateTemp(q.dir, "new-")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if f.Close() != nil || err != nil || os.Rename(f.Name(), q.file) != nil {
		_ = os.Remove(f.Name())
	}
}
