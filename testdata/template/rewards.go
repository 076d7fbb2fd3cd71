package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/goccy/go-json"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

type dailyReward struct {
	LastClaim int64 `json:"last_claim_unix"`
}

func rewards(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
	userID, ok := ctx.Value(runtime.RUNTIME_CTX_USER_ID).(string)
	if !ok {
		return "", runtime.NewError("no user", 3)
	}
	objects, err := nk.StorageRead(ctx, []*runtime.StorageRead{{Collection: "reward", Key: "daily", UserID: userID}})
	if err != nil {
		logger.Error("storage: %v", err)
		return "", errInternal
	}
	var reward dailyReward
	for _, object := range objects {
		if err := json.Unmarshal([]byte(object.GetValue()), &reward); err != nil {
			return "", errInternal
		}
	}
	if today := time.Now().Truncate(24 * time.Hour).Unix(); reward.LastClaim < today {
		if _, _, err := nk.WalletUpdate(ctx, userID, map[string]int64{"coins": 500}, nil, false); err != nil {
			return "", errInternal
		}
		reward.LastClaim = time.Now().Unix()
	}
	out, err := json.Marshal(reward)
	return string(out), err
}

func sessionEnd(ctx context.Context, logger runtime.Logger, event *api.Event) {
	logger.Info("session of %s ended", event.GetProperties()["user"])
}
