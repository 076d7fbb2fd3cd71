package config

import "strings"

// nearest returns the known key that name was meant to be, or "".
func nearest(name string, known []Key) string {
	norm := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	norm = strings.TrimPrefix(strings.TrimPrefix(norm, "pinfix-"), "--")
	best, most := "", len(norm)/3+1
	for _, k := range known {
		if d := distance(norm, k.Name); d < most {
			best, most = k.Name, d
		}
	}
	return best
}

// maxName bounds what distance compares; no key is longer.
const maxName = 64

// distance is the number of letters to insert, remove or change to make b of a.
func distance(a, b string) int {
	if len(a) > maxName || len(b) > maxName {
		return maxName
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
