package image

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestStart(t *testing.T) {
	for _, tt := range []struct {
		config v1.Config
		given  string
		want   string
	}{
		{v1.Config{Entrypoint: []string{"/s", "x"}}, "", "/s"},
		{v1.Config{Cmd: []string{"/s"}}, "", "/s"},
		{v1.Config{Entrypoint: []string{"/s"}, Cmd: []string{"/t"}}, "", "/s"},
		{v1.Config{Entrypoint: []string{"bin/s"}, WorkingDir: "/w"}, "", "/w/bin/s"},
		{v1.Config{Entrypoint: []string{"./s"}}, "", "/s"},
		{v1.Config{Entrypoint: []string{"s"}, Env: []string{"PATH=/a:b:", "PATHS=x"}, WorkingDir: "/w"}, "", "/a/s /w/b/s /w/s"},
		{v1.Config{Entrypoint: []string{"s"}}, "", "/usr/local/sbin/s /usr/local/bin/s /usr/sbin/s /usr/bin/s /sbin/s /bin/s"},
		{v1.Config{Entrypoint: []string{"/s"}}, "opt/t", "/opt/t"},
		{v1.Config{}, "", ""},
		{v1.Config{Entrypoint: []string{""}}, "", ""},
	} {
		got, _, err := programOf(tt.config, tt.given)
		if strings.Join(got, " ") != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%+v: %s, %v; want %s", tt.config, got, err, tt.want)
		}
	}
}
