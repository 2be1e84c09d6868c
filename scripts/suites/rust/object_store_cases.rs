//! Runs each of the integration functions that object_store ships, on a container of its own: one line for each, "passed" or "failed", its
//! name and the reason, parted by tabs. Arguments: address of the lake, account, its key.
use futures::FutureExt;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::integration::*;
use std::panic::AssertUnwindSafe;

fn store(container: &str) -> MicrosoftAzure {
    let at: Vec<String> = std::env::args().collect();
    MicrosoftAzureBuilder::new()
        .with_endpoint(at[1].clone())
        .with_account(at[2].clone())
        .with_access_key(at[3].clone())
        .with_allow_http(true)
        .with_container_name(container)
        .build()
        .expect("a store")
}

macro_rules! cases {
    ($($name:ident: |$store:ident| $body:expr;)*) => {
        async fn run_all() {
            $({
                let container = format!("rust-{}", stringify!($name).replace('_', "-"));
                let $store = store(&container);
                let result = AssertUnwindSafe(async { let _ = $body.await; }).catch_unwind().await;
                say(stringify!($name), result);
            })*
        }
    };
}

fn say(name: &str, result: Result<(), Box<dyn std::any::Any + Send>>) {
    match result {
        Ok(()) => println!("passed\t{name}\t"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
            println!("failed\t{name}\t{}", text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

cases! {
    put_get_delete_list: |store| put_get_delete_list(&store);
    list_with_offset_exclusivity: |store| list_with_offset_exclusivity(&store);
    get_opts: |store| get_opts(&store);
    list_uses_directories_correctly: |store| list_uses_directories_correctly(&store);
    list_with_delimiter: |store| list_with_delimiter(&store);
    rename_and_copy: |store| rename_and_copy(&store);
    copy_if_not_exists: |store| copy_if_not_exists(&store);
    copy_rename_nonexistent_object: |store| copy_rename_nonexistent_object(&store);
    stream_get: |store| stream_get(&store);
    put_opts: |store| put_opts(&store, true);
    multipart: |store| multipart(&store, &store);
    multipart_with_opts: |store| multipart_with_opts(&store, &store);
    multipart_put_part_out_of_order: |store| multipart_put_part_out_of_order(&store, &store);
    multipart_race_condition: |store| multipart_race_condition(&store, false);
    multipart_out_of_order: |store| multipart_out_of_order(&store);
    list_paginated: |store| list_paginated(&store, &store);
    put_get_attributes: |store| put_get_attributes(&store);
}

#[tokio::main]
async fn main() {
    // What a case says when it fails stands in its line.
    std::panic::set_hook(Box::new(|_| {}));
    run_all().await;
}
