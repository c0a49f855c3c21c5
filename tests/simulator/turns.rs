//! Works that run at the same time, one request of one of them after the other.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use futures_util::future::LocalBoxFuture;

use super::network::{Network, Standing};

/// Longer than any pause before a repetition.
const PAUSE: Duration = Duration::from_millis(250);

struct Work<'a, T> {
    id: u64,
    future: LocalBoxFuture<'a, T>,
}

enum Turn<T> {
    Done(T),
    Crashed,
    AtGate,
    Pausing,
}

/// Runs works until each has ended; nothing of those that crashed.
pub(crate) async fn together<'a, T>(network: &Network, works: Vec<LocalBoxFuture<'a, T>>) -> Vec<Option<T>> {
    let mut ended: Vec<Option<T>> = works.iter().map(|_| None).collect();
    let mut running: Vec<(usize, Work<'a, T>)> =
        works.into_iter().map(|future| Work { id: network.begin(), future }).enumerate().collect();
    let mut stall = Stall::draw(network, running.len());
    while !running.is_empty() {
        let turn = stall.turn(network, &running);
        let (place, work) = &mut running[turn];
        match step(network, work).await {
            Turn::AtGate | Turn::Pausing => {}
            Turn::Crashed => end(network, &mut running, turn),
            Turn::Done(value) => {
                ended[*place] = Some(value);
                end(network, &mut running, turn);
            }
        }
    }
    ended
}

/// One of the works stands still after so many of its turns, until the others have had so many: what
/// a host does that is short of time, or a request that takes long.
struct Stall {
    /// Whose, after how many turns, and how many turns long.
    drawn: Option<(usize, usize, usize)>,
}

impl Stall {
    fn draw(network: &Network, works: usize) -> Self {
        let stalls = works > 1 && !network.is_calm() && network.below(3) > 0;
        Self { drawn: stalls.then(|| (network.below(works), network.below(10), 1 + network.below(80))) }
    }

    /// Who is next.
    fn turn<T>(&mut self, network: &Network, running: &[(usize, Work<'_, T>)]) -> usize {
        let Some((place, before, long)) = &mut self.drawn else { return network.below(running.len()) };
        let stalled = running.iter().position(|(own, _)| own == place);
        let stands = *before == 0 && *long > 0 && running.len() > 1;
        let turn = match stalled.filter(|_| stands) {
            None => network.below(running.len()),
            Some(stalled) => {
                *long -= 1;
                let turn = network.below(running.len() - 1);
                turn + usize::from(turn >= stalled)
            }
        };
        *before = before.saturating_sub(usize::from(stalled == Some(turn)));
        turn
    }
}

fn end<T>(network: &Network, running: &mut Vec<(usize, Work<'_, T>)>, turn: usize) {
    let (_, work) = running.remove(turn);
    network.end(work.id);
}

/// Lets one request of a work through, and the work go on until the next one.
async fn step<T>(network: &Network, work: &mut Work<'_, T>) -> Turn<T> {
    network.open(work.id);
    loop {
        match poll(network, work).await {
            // The clock of the runtime stands still, so a pause ends when it is told to.
            Turn::Pausing => {
                network.rested(work.id);
                tokio::time::advance(PAUSE).await;
            }
            turn => return turn,
        }
    }
}

async fn poll<T>(network: &Network, work: &mut Work<'_, T>) -> Turn<T> {
    poll_fn(|context| {
        network.run(Some(work.id));
        let polled = Pin::new(&mut work.future).poll(context);
        network.run(None);
        match (polled, network.standing(work.id)) {
            (Poll::Ready(value), _) => Poll::Ready(Turn::Done(value)),
            (Poll::Pending, Standing::Crashed) => Poll::Ready(Turn::Crashed),
            (Poll::Pending, Standing::AtGate) => Poll::Ready(Turn::AtGate),
            (Poll::Pending, Standing::Pausing) => Poll::Ready(Turn::Pausing),
            (Poll::Pending, Standing::Busy) => Poll::Pending,
        }
    })
    .await
}
