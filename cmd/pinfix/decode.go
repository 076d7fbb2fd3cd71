package main

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// decode returns data as UTF-8 without a byte order mark. PowerShell writes
// UTF-16 into the file of a redirection.
func decode(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decode16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decode16(data[2:], binary.BigEndian)
	}
	return string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

func decode16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
