package image

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/imagetest"
)

func TestTags(t *testing.T) {
	const path = "/v2/game/server/tags/list"
	list := func(n, length int) []byte {
		var tags []string
		for i := range n {
			tags = append(tags, fmt.Sprintf("%0*d", length, i))
		}
		data, err := json.Marshal(map[string]any{"name": "game/server", "tags": tags})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, x := range []struct {
		name string
		data []byte
		want string // of the error
	}{
		{"few", list(3, 4), ""},
		{"many", list(maxTags+1, 5), "more than 20000 tags"},
		{"large", list(10_000, 1000), "a list of tags of more than 4 MiB"},
		{"odd", []byte("[1]"), "cannot unmarshal"},
	} {
		r := imagetest.Serve(false)
		r.Handle(path, x.data, "application/json")
		tags, err := Tags(context.Background(), "image:"+r.Host()+"/game/server", Options{Environ: []string{"HOME=" + t.TempDir()}})
		switch {
		case x.want == "" && (err != nil || !slices.Equal(tags, []string{"0000", "0001", "0002"})):
			t.Errorf("%s: %v, %v", x.name, tags, err)
		case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: %v, want %s", x.name, err, x.want)
		}
		r.Close()
	}
	r := imagetest.Serve(false)
	defer r.Close()
	for _, o := range []Options{{Foreign: true}, {Offline: true}} {
		if tags, err := Tags(context.Background(), "image:"+r.Host()+"/game/server", o); err == nil {
			t.Errorf("%+v: %v", o, tags)
		}
	}
	if asked := r.Requests(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
	for _, ref := range []string{"image:jo:secret@host/x", "image:", "image:UPPER/x"} {
		if _, err := Tags(context.Background(), ref, Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}
