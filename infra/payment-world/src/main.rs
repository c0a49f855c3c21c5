//! `payment-world`: serves a [`payment_world::World`] on loopback until it is killed.

use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;

use payment_world::{Clock, World, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const USAGE: &str = "usage: payment-world [--port PORT] [--until-stdin-closes]
  --port PORT            port on 127.0.0.1; 0, the default, picks a free one
  --until-stdin-closes   end when standard input closes, so that no process outlives its parent
";

#[derive(Default)]
struct Options {
    port: u16,
    until_stdin_closes: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(options) = parse(std::env::args().skip(1)) else {
        let _unread = io::stderr().write_all(USAGE.as_bytes());
        return ExitCode::from(2);
    };
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _unread = writeln!(io::stderr(), "payment-world: port {}: {error}", options.port);
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--port" => options.port = arguments.next()?.parse().ok()?,
            "--until-stdin-closes" => options.until_stdin_closes = true,
            _ => return None,
        }
    }
    Some(options)
}

async fn run(options: &Options) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "{}", serde_json::json!({"url": format!("http://{address}")}))?;
    let (closed, stdin) = oneshot::channel();
    if options.until_stdin_closes {
        // A thread of its own: the runtime would wait for a blocked read before it could end.
        std::thread::spawn(move || {
            let _ended = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
            let _gone = closed.send(());
        });
        tokio::select! {
            served = serve(listener, World::new(Clock::system())) => served,
            _ = stdin => Ok(()),
        }
    } else {
        serve(listener, World::new(Clock::system())).await
    }
}
