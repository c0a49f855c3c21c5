mod events;
mod signature;
