// A plugin for Nakama that tells of things through Firebase, keeps files in S3
// and data in MongoDB and Redis.
package main

import (
	"context"
	"database/sql"

	firebase "firebase.google.com/go/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/heroiclabs/nakama-common/runtime"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

func InitModule(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	app, err := firebase.NewApp(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := app.Messaging(ctx); err != nil {
		return err
	}
	if _, err := app.Firestore(ctx); err != nil {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(cfg)
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	mc, err := mongo.Connect(ctx, options.Client().ApplyURI("mongodb://localhost"))
	if err != nil {
		return err
	}
	logger.Info("%v %v %v", client, rdb, mc)
	return nil
}

func main() {}
