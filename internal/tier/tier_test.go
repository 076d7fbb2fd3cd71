package tier

import (
	"slices"
	"testing"
)

func TestEach(t *testing.T) {
	if got := Each(t, "numbers", 6, 1, 0); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
		t.Errorf("each of six: %v", got)
	}
	if got := Each(t, "numbers", 6, 3, 0, 4); testing.Short() && !slices.Equal(got, []int{0, 3, 4}) {
		t.Errorf("every third of six, and the fifth: %v", got)
	}
	seen := map[int]int{}
	for offset := range 4 {
		for _, i := range Each(t, "numbers", 10, 4, offset) {
			seen[i]++
		}
	}
	want := 4
	if testing.Short() {
		want = 1
	}
	for i := range 10 {
		if seen[i] != want {
			t.Errorf("four offsets have %d %d times, want %d", i, seen[i], want)
		}
	}
}

func TestRounds(t *testing.T) {
	want := 9
	if testing.Short() {
		want = 2
	}
	if got := Rounds(t, "rounds", 2, 9); got != want {
		t.Errorf("%d rounds, want %d", got, want)
	}
	if got := Rounds(t, "rounds", 9, 9); got != 9 {
		t.Errorf("%d rounds of 9", got)
	}
}

func TestOnlyAll(t *testing.T) {
	ran := false
	t.Run("whole", func(t *testing.T) {
		OnlyAll(t, "this, for the test of it")
		ran = true
	})
	if ran == testing.Short() {
		t.Errorf("-short=%v, and the test ran: %v", testing.Short(), ran)
	}
}
