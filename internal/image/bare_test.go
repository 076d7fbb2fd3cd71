package image

import "testing"

func TestIsBare(t *testing.T) {
	for ref, want := range map[string]bool{
		"nakama:3.26.0":                    true,
		"heroiclabs/nakama:3.26.0":         true,
		"registry.example/a/b/c:v1.2-rc.1": true,
		"localhost:5000/game/server:1.0":   true,
		"image:heroiclabs/nakama:3.26.0":   false,
		"image:nakama":                     false,
		"oci:dir":                          false,
		"mod:example.com":                  false,
		"docker-archive:f.tar":             false,
		"heroiclabs/nakama":                false,
		"nakama":                           false,
		"./nakama:3":                       false,
		"/nakama:3":                        false,
		"../a:3":                           false,
		"C:server.exe":                     false,
		"c:server.exe":                     false,
		"docker://heroiclabs/nakama:3":     false,
		"me:secret@host/x:1":               false,
		"a b:1":                            false,
		"nakama:":                          false,
		"":                                 false,
		"-x:1":                             false,
		"nakama:3\n":                       false,
	} {
		if got := IsBare(ref); got != want {
			t.Errorf("IsBare(%q) = %t", ref, got)
		}
	}
}
