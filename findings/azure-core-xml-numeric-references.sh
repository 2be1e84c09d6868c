#!/usr/bin/env bash
# XML's numeric character references in @azure/core-xml.
#
# One would expect: `&#34;` and `&quot;` are the same character in every XML document (XML 1.0, 4.1), so a service may write either,
# and the storage SDKs for JavaScript, which read their answers with this package, show both as `"`.
# What happens: the five named references are decoded, and numeric ones are left as they stand. A blob named `a"b` is listed as
# `a&#34;b` when the service writes the number, and a sentence of an error shows `&#34;` too. Python's xml.etree, which the SDK for Python uses, decodes both.
# We write names where there is one, and names of blobs with other such characters percent-encoded (Encoded="true").
#
# Versions: @azure/core-xml 1.6.1 (with fast-xml-parser 5).
# Source: https://www.w3.org/TR/xml/#sec-references
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @azure/core-xml@1.6.1
cat > read.mjs <<'JS'
import { parseXML } from '@azure/core-xml'
const { Name } = await parseXML('<Blob><Name>a&#34;b &quot;c&quot; &#38; &amp;</Name></Blob>')
console.log(Name)
JS
seen=$(node read.mjs)
echo "@azure/core-xml:        $seen"
echo "Python's xml.etree:     $(python3 -c 'import xml.etree.ElementTree as e; print(e.fromstring("<Blob><Name>a&#34;b &quot;c&quot; &#38; &amp;</Name></Blob>")[0].text)')"
[ "$seen" = 'a&#34;b "c" &#38; &' ]
