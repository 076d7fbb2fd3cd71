// A plugin that reads from S3 and DynamoDB with the first AWS SDK, answers over
// grpc, and speaks REST through grpc-gateway.
package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"
	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	_ "google.golang.org/grpc/xds"
)

// Serve is what the server looks up.
func Serve(ctx context.Context, mux *http.ServeMux) error {
	sess, err := session.NewSession(&aws.Config{Region: aws.String("eu-west-1")})
	if err != nil {
		return err
	}
	tables, err := dynamodb.New(sess).ListTablesWithContext(ctx, &dynamodb.ListTablesInput{})
	if err != nil {
		return err
	}
	files := s3manager.NewDownloader(sess)
	if _, err := s3.New(sess).ListBucketsWithContext(ctx, &s3.ListBucketsInput{}); err != nil {
		return err
	}
	metrics := grpcprom.NewServerMetrics()
	prometheus.MustRegister(metrics)
	s := grpc.NewServer(grpc.UnaryInterceptor(metrics.UnaryServerInterceptor()), grpc.StatsHandler(otelgrpc.NewServerHandler()))
	healthpb.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	conn, err := grpc.NewClient("localhost:8080", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	gateway := runtime.NewServeMux(runtime.WithHealthzEndpoint(healthpb.NewHealthClient(conn)))
	mux.Handle("/", gateway)
	fmt.Println(tables, files)
	return nil
}

func main() {}
