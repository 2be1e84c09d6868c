// Azure.Storage.Blobs and Azure.ResourceManager against the program: what is served must come back as it was sent, what is not must
// be refused in words. One line a case: `passed` or `failed`, a tab, its name, a tab, what was said.
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Azure;
using Azure.Core;
using Azure.ResourceManager;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;

class Session : TokenCredential
{
    readonly string token;
    public Session(string token) { this.token = token; }
    public override AccessToken GetToken(TokenRequestContext context, CancellationToken stop) => new AccessToken(token, DateTimeOffset.MaxValue);
    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext context, CancellationToken stop) => new ValueTask<AccessToken>(GetToken(context, stop));
}

static class Cases
{
    /** expected: what the refusal must contain; empty: there must be none. */
    static void Case(string name, Action work, string expected = "")
    {
        string said = "";
        try { work(); }
        catch (RequestFailedException e) { said = e.Status + " " + e.ErrorCode; }
        catch (Exception e) { said = e.GetType().Name + ": " + First(e.Message); }
        bool isRight = expected == "" ? said == "" : said.Contains(expected);
        Console.WriteLine((isRight ? "passed" : "failed") + "\t" + name + "\t" + said);
    }
    static void Is(object found, object wanted) { if (!object.Equals(found, wanted)) throw new Exception("found " + found + ", not " + wanted); }
    static string First(string s) { int at = s.IndexOf("\n"); return at < 0 ? s : s.Substring(0, at); }
    static byte[] Noise(int n) { var b = new byte[n]; uint x = 1; for (int i = 0; i < n; i++) { x = x * 1664525 + 1013904223; b[i] = (byte)(x >> 24); } return b; }
    static void Same(byte[] a, byte[] b) { Is(a.Length, b.Length); for (int i = 0; i < a.Length; i++) if (a[i] != b[i]) throw new Exception("differs at " + i); }
    static byte[] Read(BlobBaseClient c, BlobDownloadToOptions o = null) { var m = new MemoryStream(); c.DownloadTo(m, o ?? new BlobDownloadToOptions()); return m.ToArray(); }
    static Stream S(byte[] b) { return new MemoryStream(b); }

    /** Connection string of the lake, address of the management services, subscription, resource group, job, token. */
    static void Main(string[] args)
    {
        Blobs(args[0]);
        Management(args[1], args[2], args[3], args[4], new Session(args[5]));
    }

    static void Management(string address, string subscription, string group, string job, Session session)
    {
        var arm = new ArmClient(session, subscription, new ArmClientOptions { Environment = new ArmEnvironment(new Uri(address), "https://management.azure.com/") });
        Case("ArmClient: subscriptions", () => { int n = 0; foreach (var s in arm.GetSubscriptions().GetAll()) n++; Is(n, 1); });
        Case("ArmClient: the subscription", () => Is(arm.GetDefaultSubscription().Data.SubscriptionId, subscription));
        Case("ArmClient: resource groups", () => { foreach (var g in arm.GetDefaultSubscription().GetResourceGroups().GetAll()) Is(g.Data.Name, group); });
        Case("ArmClient: the group, in capitals", () => Is(arm.GetDefaultSubscription().GetResourceGroups().Get(group.ToUpperInvariant()).Value.Data.Name, group));
        Case("ArmClient: another group", () => arm.GetDefaultSubscription().GetResourceGroups().Get("other"), "404 ResourceGroupNotFound");
        Case("ArmClient: resources of the group", () =>
        {
            var types = new HashSet<string>();
            foreach (var r in arm.GetDefaultSubscription().GetResourceGroups().Get(group).Value.GetGenericResources()) types.Add(r.Data.ResourceType.ToString());
            foreach (var type in new[] { "Microsoft.StreamAnalytics/streamingjobs", "Microsoft.EventHub/namespaces", "Microsoft.Storage/storageAccounts", "Microsoft.Databricks/workspaces", "Microsoft.Synapse/workspaces" })
                if (!types.Contains(type)) throw new Exception(type + " is missing");
        });
        Case("ArmClient: a provider", () => Is(arm.GetDefaultSubscription().GetResourceProvider("Microsoft.StreamAnalytics").Value.Data.Namespace, "Microsoft.StreamAnalytics"));
        Case("ArmClient: the job, its api-version from the provider", () => Is(arm.GetGenericResource(new ResourceIdentifier("/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.StreamAnalytics/streamingjobs/" + job)).Get().Value.Data.Name, job));
        Case("ArmClient: tags of the group", () => Is(arm.GetDefaultSubscription().GetResourceGroups().Get(group).Value.GetTagResource().Get().Value.Data.TagValues["environment"], "local"));
        Case("ArmClient: a new group", () => arm.GetDefaultSubscription().GetResourceGroups().CreateOrUpdate(WaitUntil.Completed, "new", new Azure.ResourceManager.Resources.ResourceGroupData(AzureLocation.WestUS)), "405 MethodNotAllowed");
    }

    static void Blobs(string connectionString)
    {
        var service = new BlobServiceClient(connectionString);
        var c = service.GetBlobContainerClient("net" + DateTime.UtcNow.Ticks);
        Case("create container", () => c.Create(PublicAccessType.None, new Dictionary<string, string> { { "who", "net" } }));
        Case("create again", () => c.Create(), "409 ContainerAlreadyExists");
        Case("containers with metadata", () => { foreach (var i in service.GetBlobContainers(BlobContainerTraits.Metadata)) if (i.Name == c.Name) { Is(i.Properties.Metadata["who"], "net"); return; } throw new Exception("not listed"); });
        var small = new byte[] { 104, 101, 108, 108, 111 };
        var b = c.GetBlobClient("dir/a b+c.txt");
        Case("upload with metadata", () => b.Upload(BinaryData.FromString("hello"), new BlobUploadOptions { Metadata = new Dictionary<string, string> { { "from", "net" } } }));
        Case("list with metadata", () => { foreach (var i in c.GetBlobs(BlobTraits.Metadata, BlobStates.None, "dir/", CancellationToken.None)) { Is(i.Metadata["from"], "net"); return; } throw new Exception("none"); });
        Case("list all traits", () => { foreach (var i in c.GetBlobs(BlobTraits.All, BlobStates.None, "dir/", CancellationToken.None)) { } });
        Case("list states uncommitted", () => { foreach (var i in c.GetBlobs(BlobTraits.None, BlobStates.Uncommitted, "", CancellationToken.None)) { } });
        Case("hierarchy", () => { foreach (var i in c.GetBlobsByHierarchy(BlobTraits.None, BlobStates.None, "/", "", CancellationToken.None)) Is(i.Prefix, "dir/"); });
        Case("download", () => Same(Read(b), small));
        Case("properties", () => { var p = b.GetProperties().Value; Is(p.Metadata["from"], "net"); Is(p.ContentLength, 5L); });
        Case("client request id", () => { var r = b.GetProperties().GetRawResponse(); Is(string.IsNullOrEmpty(r.ClientRequestId), false); Is(r.Headers.TryGetValue("x-ms-client-request-id", out var v) && v == r.ClientRequestId, true); });
        Case("upload without overwrite", () => b.Upload(S(small)), "409 BlobAlreadyExists");
        Case("20 MB without overwrite", () => b.Upload(S(Noise(20000000))), "409 BlobAlreadyExists");
        Case("20 MB into no container", () => service.GetBlobContainerClient("nothere").GetBlobClient("x").Upload(S(Noise(20000000))), "404 ContainerNotFound");
        var wrong = new BlobServiceClient(service.Uri, new StorageSharedKeyCredential(service.AccountName, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="));
        Case("20 MB with a wrong key", () => wrong.GetBlobContainerClient(c.Name).GetBlobClient("x").Upload(S(Noise(20000000))), "403 AuthenticationFailed");
        var big = Noise(64 * 1024 * 1024 + 12345);
        var large = c.GetBlobClient("large");
        var transfer = new StorageTransferOptions { MaximumTransferSize = 4 * 1024 * 1024, InitialTransferSize = 4 * 1024 * 1024, MaximumConcurrency = 8 };
        Case("64 MB up in blocks", () => large.Upload(S(big), new BlobUploadOptions { TransferOptions = transfer }));
        Case("64 MB down", () => Same(Read(large, new BlobDownloadToOptions { TransferOptions = transfer }), big));
        Case("lists its blocks", () => { var bl = c.GetBlockBlobClient("large").GetBlockList(BlockListTypes.All).Value; int n = 0; foreach (var x in bl.CommittedBlocks) { n++; } Is(n, 17); });
        Case("parallel 8 MB blocks, default", () => c.GetBlobClient("large2").Upload(S(Noise(300 * 1024 * 1024)), true));
        foreach (var algorithm in new[] { StorageChecksumAlgorithm.MD5, StorageChecksumAlgorithm.StorageCrc64, StorageChecksumAlgorithm.Auto })
        {
            var up = new UploadTransferValidationOptions { ChecksumAlgorithm = algorithm };
            var down = new DownloadTransferValidationOptions { ChecksumAlgorithm = algorithm };
            var one = c.GetBlobClient("checked-" + algorithm);
            Case(algorithm + " small up", () => one.Upload(S(small), new BlobUploadOptions { TransferValidation = up }));
            Case(algorithm + " small down", () => Same(Read(one, new BlobDownloadToOptions { TransferValidation = down }), small));
            Case(algorithm + " 64 MB up", () => one.Upload(S(big), new BlobUploadOptions { TransferValidation = up, TransferOptions = transfer }));
            Case(algorithm + " 64 MB down", () => Same(Read(one, new BlobDownloadToOptions { TransferValidation = down, TransferOptions = transfer }), big));
            Case(algorithm + " one shot of 20 MB", () => one.Upload(S(Noise(20000000)), new BlobUploadOptions { TransferValidation = up }));
            Case(algorithm + " its download", () => Same(Read(one, new BlobDownloadToOptions { TransferValidation = down }), Noise(20000000)));
            Case(algorithm + " streaming", () => { var r = one.DownloadStreaming(new BlobDownloadOptions { TransferValidation = down, Range = new HttpRange(5, 1000) }).Value; var m = new MemoryStream(); r.Content.CopyTo(m); Is(m.Length, 1000L); });
            var ap = c.GetAppendBlobClient("append-" + algorithm);
            Case(algorithm + " append", () => { ap.Create(); ap.AppendBlock(S(small), new AppendBlobAppendBlockOptions { TransferValidation = up }); Same(Read(ap), small); });
            var bb = c.GetBlockBlobClient("staged-" + algorithm);
            Case(algorithm + " stage and commit", () => { var id = "MDAwMQ=="; bb.StageBlock(id, S(small), new BlockBlobStageBlockOptions { TransferValidation = up }); bb.CommitBlockList(new[] { id }); Same(Read(bb), small); });
            Case(algorithm + " OpenWrite with flushes", () => { using (var w = bb.OpenWrite(true, new BlockBlobOpenWriteOptions { TransferValidation = up })) { for (int i = 0; i < 5; i++) { w.Write(small, 0, 5); w.Flush(); } } Is(new StreamReader(new MemoryStream(Read(bb))).ReadToEnd(), "hellohellohellohellohello"); });
            Case(algorithm + " OpenRead", () => { using (var r = one.OpenRead(new BlobOpenReadOptions(false) { TransferValidation = down })) { var m = new MemoryStream(); r.CopyTo(m); Same(m.ToArray(), Noise(20000000)); } });
        }
        Case("wrong MD5", () => c.GetBlockBlobClient("w").StageBlock("MDAwMQ==", S(small), new BlockBlobStageBlockOptions { TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5, PrecalculatedChecksum = Noise(16) } }), "400 Md5Mismatch");
        Case("wrong CRC-64", () => c.GetBlockBlobClient("w").Upload(S(small), new BlobUploadOptions { TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.StorageCrc64, PrecalculatedChecksum = Noise(8) } }), "400 Crc64Mismatch");
        Case("StreamWriter, a flush a line", () => { var w = new StreamWriter(c.GetBlockBlobClient("lines").OpenWrite(true)); for (int i = 0; i < 20; i++) { w.WriteLine("line " + i); w.Flush(); } w.Dispose(); Is(new StreamReader(new MemoryStream(Read(c.GetBlobClient("lines")))).ReadToEnd().EndsWith("line 19\n"), true); });
        Case("append OpenWrite", () => { var w = c.GetAppendBlobClient("log").OpenWrite(true); w.Write(small, 0, 5); w.Flush(); w.Write(small, 0, 5); w.Dispose(); Is(Read(c.GetBlobClient("log")).Length, 10); });
        Case("lease", () => { var l = b.GetBlobLeaseClient(); l.Acquire(TimeSpan.FromSeconds(15)); try { b.Delete(); throw new Exception("deleted under a lease"); } catch (RequestFailedException e) { Is(e.Status, 412); } l.Renew(); l.Change(Guid.NewGuid().ToString()); l.Release(); });
        Case("container lease", () => { var l = c.GetBlobLeaseClient(); l.Acquire(TimeSpan.FromSeconds(15)); l.Break(TimeSpan.Zero); });
        Case("condition of container: delete", () => c.Delete(new BlobRequestConditions { IfUnmodifiedSince = DateTimeOffset.UtcNow.AddDays(-1) }), "412 ConditionNotMet");
        Case("condition of container: metadata", () => c.SetMetadata(new Dictionary<string, string>(), new BlobRequestConditions { IfModifiedSince = DateTimeOffset.UtcNow.AddDays(1) }), "412");
        Case("ETag conditions", () => b.SetMetadata(new Dictionary<string, string>(), new BlobRequestConditions { IfMatch = new ETag("\"0x1\"") }), "412 ConditionNotMet");
        Case("copy", () => { var t = c.GetBlobClient("copy"); t.StartCopyFromUri(b.Uri).WaitForCompletion(); Same(Read(t), small); });
        Case("SyncCopyFromUri by SAS", () => { var t = c.GetBlobClient("copy2"); t.SyncCopyFromUri(b.GenerateSasUri(BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1))); Same(Read(t), small); });
        Case("stage from uri", () => { var t = c.GetBlockBlobClient("copy3"); var id = "MDAwMQ=="; t.StageBlockFromUri(b.GenerateSasUri(BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1)), id); t.CommitBlockList(new[] { id }); Same(Read(t), small); });
        Case("SAS with disposition", () => { var s = new BlobSasBuilder(BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1)) { BlobContainerName = c.Name, BlobName = b.Name, ContentDisposition = "attachment; filename=x.txt" }; var p = new BlobClient(b.GenerateSasUri(s)).GetProperties().Value; Is(p.ContentDisposition, "attachment; filename=x.txt"); });
        Case("container SAS list", () => { foreach (var i in new BlobContainerClient(c.GenerateSasUri(BlobContainerSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1))).GetBlobs()) { } });
        Case("account SAS", () => { foreach (var i in new BlobServiceClient(service.GenerateAccountSasUri(AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1), AccountSasResourceTypes.All)).GetBlobContainers()) { } });
        Case("access policies", () => { c.SetAccessPolicy(PublicAccessType.None, new[] { new BlobSignedIdentifier { Id = "p", AccessPolicy = new BlobAccessPolicy { Permissions = "r", PolicyExpiresOn = DateTimeOffset.UtcNow.AddHours(1) } } }); foreach (var i in c.GetAccessPolicy().Value.SignedIdentifiers) Is(i.Id, "p"); });
        Case("service properties", () => { var p = service.GetProperties().Value; p.Cors = new List<BlobCorsRule>(); service.SetProperties(p); });
        Case("service stats", () => service.GetStatistics(), "400");
        Case("account info", () => service.GetAccountInfo());
        Case("http headers", () => { b.SetHttpHeaders(new BlobHttpHeaders { ContentType = "text/plain", CacheControl = "no-store" }); Is(b.GetProperties().Value.ContentType, "text/plain"); });
        Case("tier hot", () => b.SetAccessTier(AccessTier.Hot));
        Case("tier cool", () => { b.SetAccessTier(AccessTier.Cool); Is(b.GetProperties().Value.AccessTier, "Cool"); });
        Case("tags", () => b.SetTags(new Dictionary<string, string> { { "a", "b" } }), "400");
        Case("snapshot", () => { var t = c.GetBlobClient("kept"); t.Upload(S(small)); var s = t.WithSnapshot(t.CreateSnapshot().Value.Snapshot); t.Upload(S(new byte[] { 1 }), true); Same(Read(s), small); s.Delete(); });
        Case("page blob", () => c.GetPageBlobClient("page").Create(512), "409");
        Case("query", () => c.GetBlockBlobClient(b.Name).Query("SELECT * FROM BlobStorage"), "400");
        Case("range", () => { var r = b.DownloadContent(new BlobDownloadOptions { Range = new HttpRange(1, 3) }).Value; Is(r.Content.ToString(), "ell"); });
        Case("range beyond", () => b.DownloadContent(new BlobDownloadOptions { Range = new HttpRange(100, 3) }), "416 InvalidRange");
        Case("20 writers on one condition", () => { var e = b.GetProperties().Value.ETag; int won = 0, lost = 0; Parallel.For(0, 20, i => { try { b.Upload(S(small), new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = e } }); Interlocked.Increment(ref won); } catch (RequestFailedException x) { if (x.Status == 412) Interlocked.Increment(ref lost); } }); Is(won, 1); Is(lost, 19); });
        foreach (var name in new[] { "ä ö.txt", "a%20b", "a?b#c", "sp ace/ü+&=", "日本", "a..b", "x~y" }) { var n = name; Case("name " + n, () => { var t = c.GetBlobClient(n); t.Upload(S(small), true); Same(Read(t), small); foreach (var i in c.GetBlobs(BlobTraits.None, BlobStates.None, n, CancellationToken.None)) Is(i.Name, n); t.Delete(); }); }
        Case("paging", () => { int pages = 0; foreach (var p in c.GetBlobs().AsPages(null, 3)) pages++; Is(pages > 3, true); });
        Case("exists, deleteIfExists", () => { Is(c.GetBlobClient("no").Exists().Value, false); Is(c.GetBlobClient("no").DeleteIfExists().Value, false); });
        Case("undelete", () => b.Undelete(), "400");
        Case("delete container", () => c.Delete());
    }
}
