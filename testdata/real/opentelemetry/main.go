// A plugin that traces and measures with OpenTelemetry, to a collector and to
// Google Cloud, and uses Pub/Sub, Secret Manager, Storage and BigQuery.
package main

import (
	"context"
	"net/http"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/pubsub"
	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/storage"
	mexporter "github.com/GoogleCloudPlatform/opentelemetry-operations-go/exporter/metric"
	texporter "github.com/GoogleCloudPlatform/opentelemetry-operations-go/exporter/trace"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Wrap is what the server looks up.
func Wrap(ctx context.Context, project string, h http.Handler) (http.Handler, error) {
	toCloud, err := texporter.New(texporter.WithProjectID(project))
	if err != nil {
		return nil, err
	}
	toCollector, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, err
	}
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithBatcher(toCloud), trace.WithBatcher(toCollector)))
	reader, err := prometheus.New()
	if err != nil {
		return nil, err
	}
	metrics, err := mexporter.New(mexporter.WithProjectID(project))
	if err != nil {
		return nil, err
	}
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader), metric.WithReader(metric.NewPeriodicReader(metrics))))
	messages, err := pubsub.NewClient(ctx, project)
	if err != nil {
		return nil, err
	}
	secrets, err := secretmanager.NewClient(ctx)
	if err != nil {
		return nil, err
	}
	files, err := storage.NewClient(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := bigquery.NewClient(ctx, project)
	if err != nil {
		return nil, err
	}
	_, _, _, _ = messages, secrets, files, tables
	return otelhttp.NewHandler(h, "plugin"), nil
}

func main() {}
