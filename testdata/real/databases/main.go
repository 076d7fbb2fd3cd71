// A plugin that keeps its data in PostgreSQL, MongoDB and Redis, and tells of it
// over NATS.
package main

import (
	"context"
	"fmt"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/pressly/goose/v3"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/zap"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Open is what the server looks up.
func Open(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.ConnConfig.Tracer = otelpgx.NewTracer()
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	rows, err := pool.Query(ctx, "select 1")
	if err != nil {
		return err
	}
	ones, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	if err := goose.UpContext(ctx, db, "migrations"); err != nil {
		return err
	}
	orm, err := gorm.Open(postgres.New(postgres.Config{Conn: db}))
	if err != nil {
		return err
	}
	documents, err := mongo.Connect(options.Client().ApplyURI("mongodb://localhost"))
	if err != nil {
		return err
	}
	cache := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	if err := redisotel.InstrumentTracing(cache); err != nil {
		return err
	}
	conn, err := nats.Connect(nats.DefaultURL)
	if err != nil {
		return err
	}
	stream, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	zap.NewNop().Info("open", zap.Ints("ones", ones), zap.Any("orm", orm), zap.Any("documents", documents))
	fmt.Println(sqlx.NewDb(db, "pgx"), stream)
	return nil
}

func main() {}
