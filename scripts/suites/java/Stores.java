import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.models.ParallelTransferOptions;
import com.azure.storage.blob.options.BlobParallelUploadOptions;
import com.azure.storage.blob.sas.BlobContainerSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import com.azure.storage.blob.specialized.BlobLeaseClientBuilder;
import com.azure.storage.file.datalake.DataLakeFileClient;
import com.azure.storage.file.datalake.DataLakeFileSystemClient;
import com.azure.storage.file.datalake.DataLakeServiceClient;
import com.azure.storage.file.datalake.models.DataLakeStorageException;
import com.azure.storage.file.datalake.models.ListPathsOptions;
import com.azure.storage.file.datalake.models.PathAccessControlEntry;
import com.azure.storage.file.datalake.models.PathItem;
import com.azure.storage.file.datalake.models.PathPermissions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What is done with blobs, and with files and folders of the lake. */
final class Stores extends Cases {
    static String codeOf(Case body) {
        return String.valueOf(refused(BlobStorageException.class, body).getErrorCode());
    }

    static void blobs(String way, BlobServiceClient service) {
        BlobContainerClient container = service.getBlobContainerClient("java-blobs-" + way);
        BlobClient blob = container.getBlobClient("folder/ä b+c.txt");
        byte[] large = new byte[9_000_000];
        new Random(1).nextBytes(large);
        String label = "blob, " + way + ": ";
        run(label + "container, upload, properties, download", () -> {
            container.createIfNotExists();
            blob.uploadWithResponse(new BlobParallelUploadOptions(BinaryData.fromString("hello")).setMetadata(Map.of("from", "java")), WAIT, Context.NONE);
            same("hello", blob.downloadContent());
            same("{from=java}", blob.getProperties().getMetadata());
            same(BlobErrorCode.BLOB_ALREADY_EXISTS, codeOf(() -> blob.upload(BinaryData.fromString("again"))));
        });
        run(label + "list, flat and by folder, with metadata", () -> {
            var options = new ListBlobsOptions().setDetails(new BlobListDetails().setRetrieveMetadata(true));
            var all = container.listBlobs(options, WAIT).stream().filter(item -> !Boolean.TRUE.equals(item.isPrefix()) && item.getName().endsWith(".txt")).toList();
            same("folder/ä b+c.txt {from=java}", all.get(0).getName() + " " + all.get(0).getMetadata());
            same("[folder/]", container.listBlobsByHierarchy("").stream().filter(item -> item.isPrefix()).map(item -> item.getName()).toList());
        });
        run(label + "9 MB in parallel blocks, ranges, MD5", () -> {
            var client = container.getBlobClient("large");
            var options = new BlobParallelUploadOptions(new ByteArrayInputStream(large))
                .setParallelTransferOptions(new ParallelTransferOptions().setBlockSizeLong(1_000_000L).setMaxSingleUploadSizeLong(1_000_000L)).setComputeMd5(true);
            client.uploadWithResponse(options, WAIT, Context.NONE);
            var back = new ByteArrayOutputStream();
            client.downloadStream(back);
            same(true, java.util.Arrays.equals(large, back.toByteArray()));
            var part = new ByteArrayOutputStream();
            client.downloadStreamWithResponse(part, new BlobRange(1000, 2000L), null, null, true, WAIT, Context.NONE);
            same(true, java.util.Arrays.equals(java.util.Arrays.copyOfRange(large, 1000, 3000), part.toByteArray()));
        });
        run(label + "blocks by hand", () -> {
            var client = container.getBlobClient("blocks").getBlockBlobClient();
            List<String> ids = new ArrayList<>();
            for (String text : List.of("a", "b", "c")) {
                String id = Base64.getEncoder().encodeToString(("block-" + text).getBytes(StandardCharsets.UTF_8));
                client.stageBlock(id, BinaryData.fromString(text));
                ids.add(0, id);
            }
            client.commitBlockList(ids, true);
            same("cba", client.downloadContent());
            same(3, client.listBlocks(com.azure.storage.blob.models.BlockListType.COMMITTED).getCommittedBlocks().size());
        });
        run(label + "an output stream with flushes, an input stream", () -> {
            var client = container.getBlobClient("stream");
            try (OutputStream out = client.getBlockBlobClient().getBlobOutputStream(true)) {
                for (int i = 0; i < 3; i++) {
                    out.write(("line " + i + "\n").getBytes(StandardCharsets.UTF_8));
                    out.flush();
                }
            }
            same("line 0\nline 1\nline 2\n", new String(client.openInputStream().readAllBytes(), StandardCharsets.UTF_8));
        });
        run(label + "an append blob", () -> {
            var client = container.getBlobClient("append").getAppendBlobClient();
            client.create(true);
            for (String text : List.of("x", "y")) client.appendBlock(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), 1);
            same("xy", client.downloadContent());
        });
        run(label + "conditions", () -> {
            same(BlobErrorCode.CONDITION_NOT_MET, codeOf(() -> blob.downloadStreamWithResponse(new ByteArrayOutputStream(), null, null,
                new BlobRequestConditions().setIfMatch("\"0x1\""), false, WAIT, Context.NONE)));
            same(BlobErrorCode.CONDITION_NOT_MET, codeOf(() -> blob.setMetadataWithResponse(Map.of(), new BlobRequestConditions().setIfUnmodifiedSince(OffsetDateTime.now().minusDays(1)), WAIT, Context.NONE)));
        });
        run(label + "a lease", () -> {
            var lease = new BlobLeaseClientBuilder().blobClient(blob).buildClient();
            lease.acquireLease(15);
            same(BlobErrorCode.LEASE_ID_MISSING, codeOf(blob::delete));
            lease.renewLease();
            lease.releaseLease();
        });
        run(label + "a copy", () -> {
            var to = container.getBlobClient("copied");
            same("SUCCESS", to.beginCopy(blob.getBlobUrl(), Duration.ofMillis(100)).waitForCompletion(WAIT).getValue().getCopyStatus().toString().toUpperCase());
            same("hello", to.downloadContent());
        });
        run(label + "missing things", () -> {
            same(BlobErrorCode.BLOB_NOT_FOUND, codeOf(() -> container.getBlobClient("nowhere").downloadContent()));
            same(BlobErrorCode.CONTAINER_NOT_FOUND, codeOf(() -> service.getBlobContainerClient("nowhere-java").listBlobs().stream().count()));
            same(false, container.getBlobClient("nowhere").exists());
            same(false, container.getBlobClient("nowhere").deleteIfExists());
        });
        run(label + "delete", () -> {
            blob.delete();
            same(false, blob.exists());
        });
    }

    static void signatures() {
        run("blob: a signature of the container by the account's key", () -> {
            var container = new BlobServiceClientBuilder().connectionString(lake).buildClient().getBlobContainerClient("java-blobs-key");
            var values = new BlobServiceSasSignatureValues(OffsetDateTime.now().plusHours(1), new BlobContainerSasPermission().setReadPermission(true).setListPermission(true));
            String signature = container.generateSas(values);
            var guest = new BlobServiceClientBuilder().endpoint(container.getServiceClient().getAccountUrl()).sasToken(signature).buildClient().getBlobContainerClient("java-blobs-key");
            same(true, guest.listBlobs().stream().count() > 0);
            same(BlobErrorCode.AUTHORIZATION_PERMISSION_MISMATCH, codeOf(() -> guest.getBlobClient("new").upload(BinaryData.fromString("x"))));
        });
        run("blob: a user delegation signature", () -> {
            var service = new BlobServiceClientBuilder().endpoint(lakeTls).credential(credential()).buildClient();
            var key = service.getUserDelegationKey(OffsetDateTime.now().minusMinutes(1), OffsetDateTime.now().plusHours(1));
            var container = service.getBlobContainerClient("java-blobs-key");
            var values = new BlobServiceSasSignatureValues(OffsetDateTime.now().plusHours(1), new BlobContainerSasPermission().setReadPermission(true));
            String signature = container.generateUserDelegationSas(values, key);
            var guest = new BlobServiceClientBuilder().endpoint(lakeTls).sasToken(signature).buildClient().getBlobContainerClient("java-blobs-key");
            same("cba", guest.getBlobClient("blocks").downloadContent());
        });
    }

    static void lakes(String way, DataLakeServiceClient service) {
        DataLakeFileSystemClient lake = service.getFileSystemClient("java-lake-" + way);
        String label = "lake, " + way + ": ";
        DataLakeFileClient file = lake.getFileClient("raw/2026/note ä.txt");
        run(label + "upload, read", () -> {
            lake.createIfNotExists();
            file.upload(BinaryData.fromString("hello"), true);
            file.setMetadata(Map.of("from", "java"));
            same("hello", new String(file.openInputStream().getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            same("{from=java}", file.getProperties().getMetadata());
        });
        run(label + "append, flush", () -> {
            var client = lake.createFile("raw/log", true);
            client.append(BinaryData.fromString("one"), 0);
            client.append(BinaryData.fromString("two"), 3);
            client.flush(6, true);
            var back = new ByteArrayOutputStream();
            client.read(back);
            same("onetwo", back);
        });
        run(label + "an output stream", () -> {
            var client = lake.getFileClient("raw/stream");
            try (OutputStream out = client.getOutputStream()) {
                out.write(new byte[5_000_000]);
            }
            same(5_000_000, client.getProperties().getFileSize());
        });
        run(label + "list", () -> {
            var paths = lake.listPaths(new ListPathsOptions().setPath("raw").setRecursive(true), WAIT).stream().map(PathItem::getName).toList();
            same("[raw/2026, raw/2026/note ä.txt, raw/log, raw/stream]", paths);
        });
        run(label + "rename a file, a folder", () -> {
            var moved = file.rename(null, "raw/2026/moved.txt");
            same("hello", new String(moved.openInputStream().getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            lake.getDirectoryClient("raw/2026").rename(null, "raw/2027");
            same(false, lake.getFileClient("raw/2026/moved.txt").exists());
            same(5, lake.getFileClient("raw/2027/moved.txt").getProperties().getFileSize());
        });
        run(label + "access", () -> {
            var client = lake.getFileClient("raw/log");
            client.setPermissions(PathPermissions.parseSymbolic("rwxr-x---"), null, null);
            same("0750", client.getAccessControl().getPermissions().toString());
            client.setAccessControlList(PathAccessControlEntry.parseList("user::rwx,group::r--,other::---,user:00000000-0000-0000-0000-000000000009:r--"), null, null);
            same(true, PathAccessControlEntry.serializeList(client.getAccessControl().getAccessControlList()).contains("user:00000000-0000-0000-0000-000000000009:r--"));
            same(true, lake.getDirectoryClient("raw").setAccessControlRecursive(PathAccessControlEntry.parseList("user::rwx,group::r-x,other::---")).getCounters().getChangedFilesCount() > 0);
        });
        run(label + "create if absent", () -> {
            same(409, refused(DataLakeStorageException.class, () -> lake.createFile("raw/log", false)).getStatusCode());
            same(404, refused(DataLakeStorageException.class, () -> lake.getFileClient("nowhere").getProperties()).getStatusCode());
        });
        run(label + "delete a folder", () -> {
            same(409, refused(DataLakeStorageException.class, () -> lake.deleteDirectory("raw")).getStatusCode());
            lake.getDirectoryClient("raw").deleteRecursively();
            same(0, lake.listPaths().stream().count());
        });
    }
}
