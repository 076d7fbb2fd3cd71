package main

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type match struct {
	marshaler protojson.MarshalOptions
}

type matchState struct {
	presences map[string]runtime.Presence
	label     *structpb.Struct
	started   *timestamppb.Timestamp
	open      *wrapperspb.BoolValue
}

func newMatch(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error) {
	return &match{protojson.MarshalOptions{UseEnumNumbers: true}}, nil
}

func (m *match) MatchInit(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, params map[string]interface{}) (interface{}, int, string) {
	label, err := structpb.NewStruct(params)
	if err != nil {
		logger.Error("label: %v", err)
		return nil, 0, ""
	}
	text, err := m.marshaler.Marshal(label)
	if err != nil {
		logger.Error("label: %v", err)
	}
	return &matchState{presences: map[string]runtime.Presence{}, label: label, started: timestamppb.Now(), open: wrapperspb.Bool(true)}, 5, string(text)
}

func (m *match) MatchJoinAttempt(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, presence runtime.Presence, metadata map[string]string) (interface{}, bool, string) {
	s := state.(*matchState)
	return s, len(s.presences) < 2 && s.open.GetValue(), ""
}

func (m *match) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, presences []runtime.Presence) interface{} {
	s := state.(*matchState)
	for _, p := range presences {
		s.presences[p.GetUserId()] = p
	}
	return s
}

func (m *match) MatchLeave(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, presences []runtime.Presence) interface{} {
	s := state.(*matchState)
	for _, p := range presences {
		delete(s.presences, p.GetUserId())
	}
	return s
}

func (m *match) MatchLoop(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, messages []runtime.MatchData) interface{} {
	s := state.(*matchState)
	for _, message := range messages {
		if err := dispatcher.BroadcastMessage(message.GetOpCode(), message.GetData(), nil, message, true); err != nil {
			logger.Error("message: %v", err)
		}
	}
	if len(s.presences) == 0 {
		return nil
	}
	return s
}

func (m *match) MatchTerminate(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, graceSeconds int) interface{} {
	return state
}

func (m *match) MatchSignal(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, dispatcher runtime.MatchDispatcher, tick int64, state interface{}, data string) (interface{}, string) {
	return state, data
}
