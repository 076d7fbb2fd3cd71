// Package rpc is a package of the plugin's own.
package rpc

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// FindMatch answers with a match that is open, or makes one.
func FindMatch(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
	var request structpb.Struct
	if err := protojson.Unmarshal([]byte(payload), &request); err != nil {
		return "", runtime.NewError("cannot read the request", 3)
	}
	matches, err := nk.MatchList(ctx, 10, true, "", nil, nil, "+label.open:1")
	if err != nil {
		return "", err
	}
	var ids []interface{}
	for _, m := range matches {
		ids = append(ids, m.GetMatchId())
	}
	if len(ids) == 0 {
		id, err := nk.MatchCreate(ctx, "tictactoe", request.AsMap())
		if err != nil {
			return "", err
		}
		ids = append(ids, id)
	}
	list, err := structpb.NewList(ids)
	if err != nil {
		return "", err
	}
	out, err := protojson.Marshal(list)
	return string(out), err
}
