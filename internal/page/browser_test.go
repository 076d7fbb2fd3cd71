package page

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var shots = flag.String("shots", "", "write what the browser shows as PNG files into this directory")

// A browser is a headless Chromium, driven through its debugging pipe: one JSON
// object after another, each ending in a zero byte.
type browser struct {
	t    *testing.T
	to   io.Writer
	from *bufio.Reader
	id   int
	tabs map[string]*tab // by session
}

// A tab is a page in the browser.
type tab struct {
	b        *browser
	session  string
	loaded   bool
	problems []string // what the page's console shows: errors, and what its policy has blocked
}

type message struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

func startBrowser(t *testing.T) *browser {
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		t.Fatal("the page is tested in Chromium, which is not in PATH; install it: apt-get install chromium")
	}
	profile, err := os.MkdirTemp("", "pinfix-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	// Its helpers may still be at work there: what cannot be removed stays.
	t.Cleanup(func() { os.RemoveAll(profile) })
	cmd := exec.Command(program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--hide-scrollbars", "--user-data-dir="+profile)
	cmd.Env = append(os.Environ(), "HOME="+profile)
	theirIn, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, to: to, from: bufio.NewReader(from), tabs: map[string]*tab{}}
	t.Cleanup(func() {
		to.Close() // it ends when the pipe does
		cmd.Wait()
		from.Close()
	})
	return b
}

// read takes one message; events go to their tab.
func (b *browser) read() message {
	b.t.Helper()
	data, err := b.from.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("the browser is gone: %v", err)
	}
	var m message
	if err := json.Unmarshal(bytes.TrimSuffix(data, []byte{0}), &m); err != nil {
		b.t.Fatal(err)
	}
	p := b.tabs[m.SessionID]
	switch {
	case p == nil:
	case m.Method == "Page.loadEventFired":
		p.loaded = true
	case m.Method == "Log.entryAdded", m.Method == "Runtime.exceptionThrown":
		p.problems = append(p.problems, string(data))
	}
	return m
}

// call runs a command of the DevTools protocol and puts its result into result.
func (b *browser) call(session, method string, params, result any) {
	b.t.Helper()
	b.id++
	data, err := json.Marshal(message{ID: b.id, Method: method, SessionID: session, Params: params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(data, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		m := b.read()
		if m.ID != b.id {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

type object = map[string]any

// view is how a page is looked at.
type view struct {
	width    int
	dark     bool
	noScript bool
	print    bool
}

// open loads a file.
func (b *browser) open(file string, v view) *tab {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", object{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &tab{b: b, session: attached.SessionID}
	b.tabs[p.session] = p
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	p.look(v)
	p.call("Emulation.setScriptExecutionDisabled", object{"value": v.noScript}, nil)
	p.call("Page.navigate", object{"url": (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()}, nil)
	for !p.loaded {
		b.read()
	}
	return p
}

func (p *tab) call(method string, params, result any) {
	p.b.t.Helper()
	p.b.call(p.session, method, params, result)
}

// look sets how the page is shown.
func (p *tab) look(v view) {
	p.b.t.Helper()
	scheme, media := "light", "screen"
	if v.dark {
		scheme = "dark"
	}
	if v.print {
		media = "print"
	}
	p.call("Emulation.setDeviceMetricsOverride", object{"width": v.width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	p.call("Emulation.setEmulatedMedia", object{"media": media, "features": []object{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// eval runs a script from outside of the page and returns its value.
func (p *tab) eval(script string, args ...any) any {
	p.b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	p.call("Runtime.evaluate", object{"expression": fmt.Sprintf(script, args...), "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		p.b.t.Fatalf("%s: %s", script, r.ExceptionDetails)
	}
	return r.Result.Value
}

// key presses a key as a person does.
func (p *tab) key(name string) {
	p.b.t.Helper()
	event := object{"type": "keyDown", "key": name, "code": name}
	switch name {
	case "Enter":
		event["windowsVirtualKeyCode"], event["text"] = 13, "\r"
	case "Tab":
		event["windowsVirtualKeyCode"] = 9
	case "r":
		event["code"], event["windowsVirtualKeyCode"], event["text"] = "KeyR", 82, "r"
	case "Space":
		event["key"], event["windowsVirtualKeyCode"], event["text"] = " ", 32, " "
	}
	p.call("Input.dispatchKeyEvent", event, nil)
	event["type"] = "keyUp"
	delete(event, "text")
	p.call("Input.dispatchKeyEvent", event, nil)
}

// write types a text into what has the focus.
func (p *tab) write(text string) {
	p.b.t.Helper()
	p.call("Input.insertText", object{"text": text}, nil)
}

// shot writes what the page looks like for people, with -shots.
func (p *tab) shot(name string) {
	p.b.t.Helper()
	if *shots == "" {
		return
	}
	var r struct{ Data string }
	p.call("Page.captureScreenshot", object{"captureBeyondViewport": true, "clip": object{"x": 0, "y": 0, "scale": 1,
		"width": p.eval("document.documentElement.clientWidth"), "height": p.eval("Math.min(document.documentElement.scrollHeight, 6000)")}}, &r)
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		p.b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), data, 0o666); err != nil {
		p.b.t.Fatal(err)
	}
}
