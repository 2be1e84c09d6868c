#!/usr/bin/env bash
# Expected: with Endpoint=sb://localhost:PORT in the connection string, the client checks the server's certificate for localhost: a port is no
#           part of a name in a certificate, and crypto/tls alone leaves it off when it dials that address.
# Seen:     the client sends localhost:PORT as the server's name, and refuses the right certificate: "certificate is valid for localhost,
#           not localhost:PORT". With the port in the option CustomEndpoint, and none in the string, the name is localhost.
# Matters:  an emulator or tunnel with a port of its own cannot be reached over TLS by its connection string, and the message blames the
#           certificate.
# Versions: github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2 2.0.2, Go 1.26; seen 2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf 'module finding\ngo 1.24\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

// A server that ends each connection after the handshake. It tells which name it was asked for.
func server(key *ecdsa.PrivateKey, der []byte) (port int, names chan string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	names = make(chan string, 10)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			choose := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				names <- hello.ServerName
				return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
			}
			go func() {
				secure := tls.Server(connection, &tls.Config{GetCertificate: choose})
				_ = secure.Handshake()
				_ = secure.Close()
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, names
}

func main() {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, _ := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	certificate, _ := x509.ParseCertificate(der)
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	port, names := server(key, der)
	address := fmt.Sprintf("localhost:%d", port)

	ask := func(endpoint, custom string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		text := "Endpoint=sb://" + endpoint + ";SharedAccessKeyName=k;SharedAccessKey=a2V5"
		client, err := azeventhubs.NewProducerClientFromConnectionString(text, "hub", &azeventhubs.ProducerClientOptions{
			TLSConfig: &tls.Config{RootCAs: trusted}, CustomEndpoint: custom, RetryOptions: azeventhubs.RetryOptions{MaxRetries: -1},
		})
		if err != nil {
			return err
		}
		_, err = client.GetEventHubProperties(ctx, nil)
		return err
	}
	isSame := true
	tell := func(what string, err error, wantsName string, refuses bool) {
		name := <-names
		fmt.Printf("%s: server's name %s; %v\n", what, strings.ReplaceAll(name, fmt.Sprint(port), "PORT"), err)
		isSame = isSame && name == wantsName && refuses == (err != nil && strings.Contains(err.Error(), "certificate is valid for localhost, not localhost:"))
	}
	connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: trusted})
	if err == nil {
		_ = connection.Close()
	}
	tell("crypto/tls alone", err, "localhost", false)
	tell("port in the string", ask(address, ""), address, true)
	tell("port in CustomEndpoint", ask("localhost", address), "localhost", false)
	if !isSame {
		fmt.Println("The behaviour has changed.")
		os.Exit(1)
	}
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2@v2.0.2 >go.log 2>&1 || { cat go.log >&2; exit 1; }
go mod tidy >go.log 2>&1 || { cat go.log >&2; exit 1; }
go run .
