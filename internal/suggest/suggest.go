// Package suggest finds the word that a misspelt one was meant to be: [Nearest],
// and as a question in brackets [DidYouMean].
package suggest

import "strings"

// DidYouMean is " (did you mean X?)" with the nearest of the known words, and ""
// where none is near.
func DidYouMean(word string, known []string) string {
	near := Nearest(word, known)
	if near == "" {
		return ""
	}
	return " (did you mean " + near + "?)"
}

// Nearest returns the known word that word was meant to be, or "": the one with
// the fewest slips, if that is less than one in three letters, else the only one
// that begins so. Case, and _ for -, are no slips.
func Nearest(word string, known []string) string {
	word = strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(word))
	best, most := "", len(word)/3+1
	var begun []string
	for _, k := range known {
		if d := distance(word, k); d < most {
			best, most = k, d
		}
		if len(word) > 1 && strings.HasPrefix(k, word) {
			begun = append(begun, k)
		}
	}
	switch {
	case best == "" && len(begun) == 1:
		return begun[0]
	case strings.HasPrefix(word, best+"-"):
		return "" // a word more is another name, and no slip
	}
	return best
}

// maxWord bounds what distance compares; no known word is longer.
const maxWord = 64

// distance is the number of slips between a and b: a letter too many, too few or
// wrong, or two neighbours that have changed places.
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return max(len(a), len(b))
	}
	var rows [maxWord + 1][maxWord + 1]int
	for i := range len(a) + 1 {
		for j := range len(b) + 1 {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
