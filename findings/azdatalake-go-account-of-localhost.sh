#!/usr/bin/env bash
# Expected: an address with the account in its path, as emulators have it, is read the same whether the host is 127.0.0.1 or localhost.
# Seen:     only a number counts as such a host. With localhost the account is taken for the file system, and GetSASURL signs, without an
#           error, for another resource: the server can only say that the signature does not match.
# Matters:  a certificate for localhost, the usual one, leads straight into it; Python's and JavaScript's clients know localhost.
# Versions: azdatalake 1.5.0 for Go (sas.ParseURL), Go 1.26; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azdatalake/sas"
)

func main() {
	seen := ""
	for _, host := range []string{"127.0.0.1:10000", "localhost:10000"} {
		parts, err := sas.ParseURL("https://" + host + "/account/files/folder/name")
		if err != nil {
			panic(err)
		}
		line := fmt.Sprintf("%s: file system %q, path %q\n", host, parts.FileSystemName, parts.PathName)
		fmt.Print(line)
		seen += line
	}
	if seen != "127.0.0.1:10000: file system \"files\", path \"folder/name\"\nlocalhost:10000: file system \"account\", path \"files/folder/name\"\n" {
		fmt.Fprintln(os.Stderr, "The behaviour has changed.")
		os.Exit(1)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/Azure/azure-sdk-for-go/sdk/storage/azdatalake@v1.5.0 2>/dev/null
go mod tidy 2>/dev/null
go run .
