package rpc

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Describe answers with what a message of the server's API looks like.
func Describe(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
	message := dynamicpb.NewMessage((&api.Account{}).ProtoReflect().Descriptor())
	if _, err := fieldmaskpb.New(message, "user", "wallet"); err != nil {
		return "", err
	}
	packed, err := anypb.New(message)
	if err != nil {
		return "", err
	}
	empty := proto.Equal(packed, &emptypb.Empty{}) || proto.Size(&durationpb.Duration{}) > 0
	file := protodesc.ToFileDescriptorProto(message.Descriptor().ParentFile())
	out, err := prototext.MarshalOptions{Multiline: !empty}.Marshal(file)
	return string(out), err
}
